import { attempts } from './attempts.ts';
import { type Hashed, hashPlans } from './hash-soundness.ts';
import { tryOnce } from './try-once.ts';

/** One worker's part: seeds `from`, `from + step`, ... below `runs` of each attempt, and so many plans to hash. */
export type Share = {
  readonly from: number;
  readonly step: number;
  readonly runs: number;
  readonly plans: number;
};
export type AttemptTally = {
  readonly runs: number;
  readonly covered: number;
  readonly succeeded: readonly string[];
};
export type ShareResult = {
  readonly tallies: Readonly<Record<string, AttemptTally>>;
  readonly hashed: Hashed;
};

/** Does a share of the work. Throws when an attempt could not be made. */
export async function doShare({ from, step, runs, plans }: Share): Promise<ShareResult> {
  const tallies: Record<string, AttemptTally> = {};
  for (const [name, attempt] of Object.entries(attempts)) {
    let [count, covered] = [0, 0];
    const succeeded: string[] = [];
    for (let seed = from; seed < runs; seed += step) {
      const tried = await tryOnce(attempt, seed);
      count += 1;
      covered += tried.covered;
      if (tried.unauthorised.length > 0) succeeded.push(`seed ${seed}: ${tried.unauthorised.join(', ')}`);
    }
    tallies[name] = { runs: count, covered, succeeded };
  }
  return { tallies, hashed: hashPlans({ seed: from + 1, plans }) };
}
