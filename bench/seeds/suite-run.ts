import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { SeedCheck } from './check.ts';

const Report = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  testResults: z.array(z.unknown()),
});

/** The tests themselves, from the report of the last `.ci/run`: they are not run here. */
export function suiteCheck(root: string): SeedCheck {
  const about = {
    name: 'the tests of the project',
    recorded:
      'MasterClaw: 3,225 pass, 77 fail (some perhaps for the machine); OnCall AI Agent: 107 pass, 42 fail, 11 end with an error; Ops Automation: 779 pass; Hub: none; Security Contract: not run',
  };
  const path = join(root, 'results/vitest.json');
  if (!existsSync(path)) return { ...about, ours: 'not measured here: .ci/run leaves the report', wrong: [] };
  const report = Report.parse(JSON.parse(readFileSync(path, 'utf8')));
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = report;
  return {
    ...about,
    ours: `${numPassedTests} pass, ${numFailedTests} fail, ${numPendingTests} skipped, in ${testResults.length} files`,
    wrong: numFailedTests === 0 ? [] : [`${about.name}: ${numFailedTests} fail`],
  };
}
