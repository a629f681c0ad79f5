import { expect, test } from 'vitest';
import { tallyTorture, tallyVitest } from './tally.ts';

const report = (success: boolean, failed: number) =>
  JSON.stringify({ success, numPassedTests: 40, numFailedTests: failed, numTotalTests: 40 + failed });

test('the counts of a test run are its own', () => {
  expect(tallyVitest(report(true, 0))).toEqual({ passed: 40, failed: 0 });
  expect(tallyVitest(report(false, 3))).toEqual({ passed: 40, failed: 3 });
});

test('a run that failed without a failed test, or left no report, is never counted as clean', () => {
  expect(tallyVitest(report(false, 0))).toEqual({ passed: 40, failed: 1 });
  for (const text of ['', '{', '{}', 'null', '{"success":true}'])
    expect(tallyVitest(text)).toEqual({ passed: 0, failed: 1 });
});

test('the counts of a torture run are those of its last line', () => {
  expect(tallyTorture('case a ok\njourneys: 12 passed, 1 failed\n')).toEqual({ passed: 12, failed: 1 });
  expect(tallyTorture('journeys: 12 passed, 1 failed\nthen it crashed\n')).toEqual({ passed: 0, failed: 1 });
  expect(tallyTorture('')).toEqual({ passed: 0, failed: 1 });
});
