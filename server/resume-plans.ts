import type { Approval } from '#approvals/approval.ts';
import { appendEach, approvalContext } from '#approvals/end.ts';
import { fact } from '#incidents/entry.ts';
import { reconcile } from '#tools/carry-out.ts';
import { type DriveDeps, resumeResolve, start, startUndo } from './drive.ts';

/**
 * Takes up every plan where an earlier start left it: claims without an intent are void, changes with an unknown outcome
 * are asked about, approved plans go on, an undo that was due runs. Call it once, after open calls were settled. Resolves
 * when what is void is recorded; the rest goes on as jobs.
 */
export async function resumePlans(driving: DriveDeps): Promise<void> {
  await appendEach(
    driving.carry.gate,
    (one) => one.state === 'claimed',
    (one) => fact('approval.invalidated', { approval: one.id, reason: 'restart' }, approvalContext(one)),
  );
  for (const approval of driving.folds.approvals.all()) goOn(driving, approval);
}

function goOn(driving: DriveDeps, approval: Approval): void {
  const { carry, jobs } = driving;
  if (approval.state === 'unknown') jobs.run(`reconcile ${approval.id}`, () => reconcile(carry, approval));
  else if (approval.state === 'approved') start(driving, approval.id);
  else if (approval.state === 'verified') resumeResolve(driving, approval);
  else if (approval.state === 'unverified') startUndo(driving, approval.id);
}
