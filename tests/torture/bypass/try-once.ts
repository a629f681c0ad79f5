import type { Attempt } from './attempt.ts';
import { diceOf } from './dice.ts';
import { aRig } from './rig.ts';
import type { Weakness } from './weaken.ts';

/** What came of one attempt: effects that nobody allowed, and how many happened that somebody did. */
export type Tried = { readonly unauthorised: readonly string[]; readonly covered: number };

/** One attempt against a fresh product; then all that the product would do by itself is done. Throws when the attempt could not be made. */
export async function tryOnce(attempt: Attempt, seed: number, weakness?: Weakness): Promise<Tried> {
  const rig = await aRig(diceOf(seed), weakness);
  await attempt(rig);
  await rig.push();
  const { unauthorised, covered } = rig.truth;
  return { unauthorised, covered };
}
