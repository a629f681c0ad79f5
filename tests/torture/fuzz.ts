import { realClock } from '#core/clock.ts';
import { runTarget, type Tally } from './fuzz/run-target.ts';
import { targets } from './fuzz/targets.ts';
import type { TortureOptions, TortureResult } from './result.ts';

const EXTENTS = {
  short: { inputs: 200, longest: 4_000, slowMs: 1000 },
  full: { inputs: 100_000, longest: 1_000_000, slowMs: 1000 },
};

/**
 * Every parser of outside text against bytes, hostile JSON and broken copies of valid inputs. None may throw what it does
 * not say it throws, take a second, change what objects inherit, or show a secret that the product knows; what it reads
 * must come back the same where it can be written. The same seed makes the same inputs.
 */
export async function run({ short, seed = 1, only = '' }: TortureOptions): Promise<TortureResult> {
  const began = realClock.mono();
  const asked = targets.filter(({ name }) => name.includes(only));
  const tallies: Tally[] = [];
  for (const target of asked) {
    const tally = await runTarget(target, { ...(short ? EXTENTS.short : EXTENTS.full), seed });
    if (!short) console.error([lineOf(tally), ...faultsOf(tally)].join('\n'));
    tallies.push(tally);
  }
  const inputs = tallies.reduce((sum, one) => sum + one.inputs, 0);
  const failed = tallies.filter((one) => one.faults.length > 0).length;
  const slowest = tallies.toSorted((one, other) => other.slowest - one.slowest)[0];
  const seconds = ((realClock.mono() - began) / 1000).toFixed(0);
  return {
    passed: tallies.length - failed,
    failed,
    lines: [
      ...tallies.flatMap(faultsOf),
      `seed ${seed}: ${inputs} inputs for ${tallies.length} parsers in ${seconds} s; the slowest took ${slowest?.slowest.toFixed(0)} ms (${slowest?.name})`,
    ],
  };
}

function faultsOf({ name, faults }: Tally): string[] {
  return faults.map(({ why, input }) => `${name}: ${why}, for ${JSON.stringify(input.slice(0, 400))}`);
}

function lineOf({ name, inputs, read, slowest, seconds, faults }: Tally): string {
  const figures = `${inputs} inputs, ${read} read, slowest ${slowest.toFixed(0)} ms, ${seconds.toFixed(1)} s in all`;
  return `${(faults.length === 0 ? 'ok' : 'NOT OK').padEnd(8)} ${name.padEnd(30)} ${figures}`;
}
