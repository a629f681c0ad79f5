import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Claim, parseClaims } from './claims.ts';
import { root } from './tree.ts';

// `.ci/run`: whether what SECURITY.md claims was shown by this very run.

const Report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(z.object({ title: z.string(), status: z.string() })),
    }),
  ),
});
export type Report = z.infer<typeof Report>;

/** `skipped`: one line for each claim whose tests could not all run here. `failed`: each whose tests did not pass. */
export type Proof = {
  readonly proven: number;
  readonly skipped: readonly string[];
  readonly failed: readonly string[];
};

/**
 * Looks up the tests of every claim in a report of vitest. A claim is proven when all of its tests ran and passed; a test
 * that is not in the report did not pass. Claims about what people promise are not counted.
 */
export function proofOf(claims: readonly Claim[], { testResults }: Report): Proof {
  const outcomes = new Map(
    testResults.map(({ name, assertionResults }) => [
      name.slice(name.lastIndexOf('/tests/') + 1),
      assertionResults,
    ]),
  );
  const skipped: string[] = [];
  const failed: string[] = [];
  let proven = 0;
  for (const claim of claims.filter(({ process }) => !process)) {
    const found = claim.tests.map(({ path, title }) => {
      const named = titlePattern(title);
      const runs = (outcomes.get(path) ?? []).filter((one) => named.test(one.title));
      return { path, title, is: outcomeOf(runs.map(({ status }) => status)) };
    });
    const bad = found.find(({ is }) => is === 'failed');
    const out = found.find(({ is }) => is === 'skipped');
    if (bad !== undefined)
      failed.push(`${claim.id} is not shown: "${bad.title}" of ${bad.path} did not pass`);
    else if (out !== undefined)
      skipped.push(`${claim.id} is not shown here: "${out.title}" of ${out.path} was skipped`);
    else proven += 1;
  }
  return { proven, skipped, failed };
}

function outcomeOf(statuses: readonly string[]): 'passed' | 'skipped' | 'failed' {
  if (statuses.length === 0) return 'failed';
  if (statuses.every((status) => status === 'passed')) return 'passed';
  const isOut = (status: string): boolean => ['skipped', 'pending', 'todo', 'disabled'].includes(status);
  return statuses.every((status) => status === 'passed' || isOut(status)) ? 'skipped' : 'failed';
}

/** Tests of a table have the title of the table with their values put in: `%s`, `%j`, `$name`. */
function titlePattern(title: string): RegExp {
  const parts = title.split(/%[sdifjo#%]|\$[A-Za-z_][\w.]*/);
  return new RegExp(
    `^${parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[\\s\\S]*')}$`,
  );
}

if (import.meta.main) {
  const path = join(root, 'results', 'vitest.json');
  const report = existsSync(path)
    ? Report.parse(JSON.parse(readFileSync(path, 'utf8')))
    : { testResults: [] };
  const { claims } = parseClaims(readFileSync(join(root, 'SECURITY.md'), 'utf8'));
  const { proven, skipped, failed } = proofOf(claims, report);
  for (const line of [...skipped, ...failed]) console.log(line);
  console.log(
    `claims: ${proven} shown by this run, ${skipped.length} skipped here, ${failed.length} not shown`,
  );
  process.exitCode = failed.length > 0 || proven === 0 ? 1 : 0;
}
