import type { Approval } from '#approvals/approval.ts';
import { targetsOf } from '#approvals/plan-targets.ts';
import type { JsonValue } from '#core/canonical.ts';
import type { Dice } from './dice.ts';
import type { Rig } from './rig.ts';

export type Call = { tool: string; args: { [name: string]: JsonValue } };

/** A change that remediation may ask for. */
export function aChange(dice: Dice, service = dice.one(['checkout', 'payments'])): Call {
  const target = `service:${service}`;
  return dice.one<() => Call>([
    () => ({ tool: 'service_restart', args: { target } }),
    () => ({ tool: 'service_rollback', args: { target, to: `deploy:${service}@-${1 + dice.roll(9)}` } }),
    () => ({ tool: 'service_scale', args: { target, replicas: 3 + dice.roll(6) } }),
  ])();
}

/** A command of the operator's that remediation may ask for, as the incident's cause has it. */
export function aCommand(dice: Dice): Call {
  const params = [{ name: 'count', value: String(1 + dice.roll(9)) }];
  return {
    tool: 'operator_action',
    args: { target: 'action:redeploy', service: 'service:checkout', params },
  };
}

/** Plans of one step, of several steps on one target, and of several targets. */
export function somePlan(dice: Dice): readonly Call[] {
  const service = dice.one(['checkout', 'payments']);
  const scale: Call = { tool: 'service_scale', args: { target: `service:${service}`, replicas: 4 } };
  const restart: Call = { tool: 'service_restart', args: { target: `service:${service}` } };
  return dice.one<readonly Call[]>([
    [aChange(dice, service)],
    [aChange(dice, service)],
    [restart, scale],
    [aCommand(dice)],
    [aChange(dice, 'checkout'), aChange(dice, 'payments')],
  ]);
}

/** Puts a plan before people. Throws when it does not get there: then the attempt could show nothing. */
export async function proposed(rig: Rig, calls: readonly Call[] = somePlan(rig.dice)): Promise<Approval> {
  const [first] = await rig.turn(calls);
  if (first?.outcome.kind !== 'proposed') throw new Error(`not proposed: ${JSON.stringify(first?.outcome)}`);
  const approval = rig.gate.approvals.get(first.outcome.approval);
  if (approval === undefined) throw new Error('not folded');
  return approval;
}

export const typedFor = ({ plan }: Approval): string => targetsOf(plan).join(' ');

/** The people who may let it run, in the order in which they say so. */
export function deciders({ alice, olga }: Rig, { plan }: Approval) {
  return plan.tier === 'R3' ? [alice, olga] : [alice];
}

/** Enough people say yes as they should, and that is written down. */
export async function allowed(rig: Rig, approval: Approval): Promise<Approval> {
  const { id, hash } = approval;
  rig.truth.allow(approval.plan);
  for (const person of deciders(rig, approval)) {
    const decided = await rig.decide({
      approval: id,
      hash,
      decision: 'approve',
      person,
      typed: typedFor(approval),
    });
    if (decided.kind === 'refused') throw new Error(`an honest yes was refused: ${decided.reason}`);
  }
  return approval;
}

/** Everybody presses yes, typing what is asked for: nobody who may did, so nothing of it is written down. */
export async function pressed(rig: Rig, approval: Approval, people = [rig.alice, rig.olga]): Promise<void> {
  const { id, hash } = approval;
  for (const person of people)
    await rig.decide({ approval: id, hash, decision: 'approve', person, typed: typedFor(approval) });
}
