import { claim } from '#approvals/gate.ts';
import { diceOf } from './dice.ts';
import { aChange, allowed, proposed } from './honest.ts';
import { aRig } from './rig.ts';

/** So many workers claim one approval at once; how many of them may start. */
export async function concurrentClaims(count: number): Promise<number> {
  const rig = await aRig(diceOf(count));
  const { id } = await allowed(rig, await proposed(rig, [aChange(rig.dice)]));
  const claims = await Promise.all(
    Array.from({ length: count }, () => claim(rig.gate, id, async () => 'same')),
  );
  return claims.filter(({ kind }) => kind === 'permit').length;
}
