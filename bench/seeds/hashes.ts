import { planHash } from '#approvals/plan.ts';
import { taggedHash } from '#core/hash.ts';
import { diceOf } from '#tests/torture/bypass/dice.ts';
import { proposed } from '#tests/torture/bypass/honest.ts';
import { aRig } from '#tests/torture/bypass/rig.ts';
import { allOf, type SeedCheck } from './check.ts';

/** Values that differ deep inside only, and two plans that differ in one figure of the preview. */
export async function hashesCheck(): Promise<SeedCheck> {
  const nested = (shell: string) => ({ action: 'deploy', params: { target: { host: 'a', run: [shell] } } });
  const { plan } = await proposed(await aRig(diceOf(1)), [
    { tool: 'service_scale', args: { target: 'service:checkout', replicas: 4 } },
  ]);
  const { plan: other } = await proposed(await aRig(diceOf(1)), [
    { tool: 'service_scale', args: { target: 'service:checkout', replicas: 5 } },
  ]);
  const pairs: readonly (readonly [string, string])[] = [
    [taggedHash('bench', nested('ls')), taggedHash('bench', nested('rm -rf /'))],
    [taggedHash('bench', { a: { b: 1 } }), taggedHash('bench', { a: { b: 2 } })],
    [planHash(plan), planHash({ ...plan, steps: other.steps })],
  ];
  return allOf(
    {
      name: 'a hash of arguments that differ deep inside',
      recorded: 'Security Contract: two different payloads, one hash',
    },
    { good: pairs.filter(([one, two]) => one !== two).length, of: pairs.length, words: 'pairs differ' },
  );
}
