import { diceOf } from '#tests/torture/bypass/dice.ts';
import { allowed, type Call, proposed } from '#tests/torture/bypass/honest.ts';
import { aRig } from '#tests/torture/bypass/rig.ts';
import type { SeedCheck } from './check.ts';

/** What is tried while a change of ten minutes runs: after 3.1 minutes, as it was lost there, and right before the end. */
const TRIES = [
  { at: 186_000, call: { tool: 'service_scale', args: { target: 'service:checkout', replicas: 4 } } },
  {
    at: 599_000,
    call: { tool: 'service_rollback', args: { target: 'service:checkout', to: 'deploy:checkout@-1' } },
  },
] as const;

/** A change that has begun and does not end, and others of the same target that were approved too. */
export async function locksCheck(): Promise<SeedCheck> {
  const rig = await aRig(diceOf(2));
  const approve = async (call: Call) => allowed(rig, await proposed(rig, [call]));
  const first = await approve({ tool: 'service_restart', args: { target: 'service:checkout' } });
  const others = [];
  for (const { at, call } of TRIES) others.push({ at, approval: await approve(call) });
  const started = await rig.claim(first);
  const outcomes: string[] = [];
  const begin = rig.clock.now();
  for (const { at, approval } of others) {
    await rig.clock.advance(begin + at - rig.clock.now());
    const claimed = await rig.claim(approval);
    outcomes.push(claimed.kind === 'permit' ? 'taken' : claimed.reason);
  }
  const name = 'a lock that is taken while its holder lives';
  const taken = outcomes.filter((outcome) => outcome === 'taken').length;
  return {
    name,
    recorded: 'Security Contract: taken after 3.1 of 10 minutes',
    ours: `taken ${taken} of ${TRIES.length} times`,
    wrong: [
      ...outcomes.filter((one) => one !== 'target_busy').map((one) => `${name}: ${one}`),
      ...(started.kind === 'permit' ? [] : [`${name}: the first change could not begin`]),
    ],
  };
}
