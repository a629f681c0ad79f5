import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { root } from './tree.ts';

const VitestResult = z.object({
  success: z.boolean(),
  numPassedTests: z.number(),
  numFailedTests: z.number(),
});

export type Tally = { readonly passed: number; readonly failed: number };

/** Counts of a vitest JSON report. A run that failed in other ways than by a test, or left no report, counts as one failure. */
export function tallyVitest(report: string): Tally {
  const { data } = VitestResult.safeParse(parseJson(report));
  if (data === undefined) return { passed: 0, failed: 1 };
  const failed = data.success ? data.numFailedTests : Math.max(1, data.numFailedTests);
  return { passed: data.numPassedTests, failed };
}

/** Counts of the last line of a torture run, `NAME: N passed, N failed`. A run that left none counts as one failure. */
export function tallyTorture(output: string): Tally {
  const counts = /: (\d+) passed, (\d+) failed$/.exec(output.trimEnd());
  return counts ? { passed: Number(counts[1]), failed: Number(counts[2]) } : { passed: 0, failed: 1 };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function read(name: string): string {
  const path = join(root, 'results', name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

if (import.meta.main) {
  const tallies = [tallyVitest(read('vitest.json')), tallyTorture(read('torture-journeys.txt'))];
  const sum = (count: (tally: Tally) => number) => tallies.reduce((total, tally) => total + count(tally), 0);
  console.log(`${sum((tally) => tally.passed)} passed, ${sum((tally) => tally.failed)} failed`);
}
