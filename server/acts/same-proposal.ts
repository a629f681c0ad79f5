import type { Approval } from '#approvals/approval.ts';
import type { ApprovalFold } from '#approvals/approval-fold.ts';
import { askedAs } from '#approvals/requesters.ts';
import type { IncidentId } from '#core/ids.ts';
import type { RequestedAction } from '#incidents/requested-action.ts';

/** The proposal of just this change to just this target that people have before them already. */
export function sameProposal(
  approvals: Pick<ApprovalFold, 'of'>,
  incident: IncidentId,
  { tool, target }: RequestedAction,
): Approval | undefined {
  return approvals.of(incident).find(({ state, plan: { steps } }) => {
    if (state !== 'pending' && state !== 'approved') return false;
    return steps.length === 1 && steps[0]?.tool === tool && askedAs(steps[0].change) === target;
  });
}
