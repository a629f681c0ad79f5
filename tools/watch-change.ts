import type { Approval } from '#approvals/approval.ts';
import { appendEach, approvalContext } from '#approvals/end.ts';
import { orderKey } from '#approvals/permit.ts';
import { fact } from '#incidents/entry.ts';
import type { CarryOutDeps } from './carry-out.ts';
import { sample } from './watch-signal.ts';

/** One look at a change that was made: at the signal that it must bring back, or at whether it is in effect. */
export async function watch(deps: CarryOutDeps, approval: Approval): Promise<void> {
  const { verification } = approval.plan;
  if ('signal' in verification) await sample(deps, approval, verification);
  else await watchEffect(deps, approval);
}

/**
 * One look at a change that repairs nothing: the backend is asked whether it is in effect. Recorded when it is; judged
 * like one that did not help when it is not by the end of the window. That says nothing about the incident.
 */
async function watchEffect({ gate, execute }: CarryOutDeps, approval: Approval): Promise<void> {
  const made = approval.calls.findLast(({ undo, outcome }) => !undo && outcome === 'ok');
  const step = made === undefined ? undefined : approval.plan.steps[made.step];
  if (made === undefined || step === undefined) return;
  const key = orderKey(approval.hash, made.step, 'run');
  const order = { tool: step.tool, key, since: made.startedAt };
  const effect = await execute.settle(step.target.service, order);
  if (effect === 'closed') return;
  const isWatched = (one: Approval) =>
    one.id === approval.id && (one.state === 'succeeded' || one.state === 'halted');
  if (effect === 'happened')
    await appendEach(gate, isWatched, (one) =>
      fact('action.in_effect', { approval: one.id }, approvalContext(one)),
    );
  else if (gate.clock.now() - approval.at >= approval.plan.verification.windowMs)
    await appendEach(gate, isWatched, (one) =>
      fact('action.unverified', { approval: one.id, reason: 'not_in_effect' }, approvalContext(one)),
    );
}
