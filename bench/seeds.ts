import { root } from '#tests/tree.ts';
import type { BenchResult } from './result.ts';
import { attemptsCheck } from './seeds/attempts.ts';
import type { SeedCheck } from './seeds/check.ts';
import { commandsCheck } from './seeds/commands.ts';
import { configsCheck } from './seeds/configs.ts';
import { hashesCheck } from './seeds/hashes.ts';
import { locksCheck } from './seeds/locks.ts';
import { maskingCheck } from './seeds/masking.ts';
import { suiteCheck } from './seeds/suite-run.ts';
import { tamperingCheck } from './seeds/tampering.ts';

/** The seven checks that run here, in the order of `docs/comparison.md`. */
export async function seedChecks(): Promise<SeedCheck[]> {
  return [
    await commandsCheck(),
    await tamperingCheck(),
    await hashesCheck(),
    await locksCheck(),
    configsCheck(),
    await attemptsCheck(),
    maskingCheck(),
  ];
}

/** Eight checks that other systems failed, made of this one. What stands of the others was recorded, not run here. */
export async function run(): Promise<BenchResult> {
  const checks = [...(await seedChecks()), suiteCheck(root)];
  return {
    lines: checks.flatMap(({ name, ours, recorded }) => [
      name,
      `  here      ${ours}`,
      `  recorded  ${recorded}`,
    ]),
    figures: Object.fromEntries(checks.map(({ name, ours, recorded }) => [name, { ours, recorded }])),
    wrong: checks.flatMap(({ wrong }) => wrong),
  };
}
