import { expect, test } from 'vitest';
import { parseClaims } from './claims.ts';
import { proofOf, type Report } from './proven.ts';

const { claims } = parseClaims(`### SEC-A-1
One.
- \`tests/a.test.ts\` › "holds for %s (and $name)"
- \`tests/a.test.ts\` › "is plain"

### SEC-A-2 (process)
Two.
`);
const report = (...outcomes: [title: string, status: string][]): Report => ({
  testResults: [
    {
      name: '/somewhere/tests/a.test.ts',
      assertionResults: outcomes.map(([title, status]) => ({ title, status })),
    },
  ],
});

test('a claim is shown when every test that it names ran and passed, each row of a table too', () => {
  const all = report(
    ['holds for 1 (and x)', 'passed'],
    ['holds for 2 (and y)', 'passed'],
    ['is plain', 'passed'],
  );
  expect(proofOf(claims, all)).toEqual({ proven: 1, skipped: [], failed: [] });
});

test.each<[string, Report]>([
  [
    'a row that failed',
    report(['holds for 1 (and x)', 'passed'], ['holds for 2 (and y)', 'failed'], ['is plain', 'passed']),
  ],
  ['a test that did not run', report(['holds for 1 (and x)', 'passed'])],
  ['a title that only begins so', report(['holds for 1 (and x)', 'passed'], ['is plain no more', 'passed'])],
  ['no report', { testResults: [] }],
])('%s leaves a claim unshown, and it is named', (_what, found) => {
  const { proven, failed } = proofOf(claims, found);
  expect(proven).toBe(0);
  expect(failed).toEqual([expect.stringContaining('SEC-A-1')]);
});

test('a test that was skipped is said, and is neither shown nor a failure', () => {
  const some = report(['holds for 1 (and x)', 'passed'], ['is plain', 'skipped']);
  expect(proofOf(claims, some)).toMatchObject({
    proven: 0,
    failed: [],
    skipped: [expect.stringContaining('SEC-A-1')],
  });
});
