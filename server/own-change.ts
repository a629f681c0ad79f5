import type { Approval } from '#approvals/approval.ts';

type Pinned = { readonly uid: string; readonly generation: number };

/** The plan of ours, of whatever incident, whose finished step or undo left this target exactly as it is now. */
export function ownChange(
  approvals: readonly Approval[],
  { ref, uid, generation }: Pinned & { readonly ref: string },
): Approval | undefined {
  return approvals.find(({ calls, plan }) =>
    calls.some((call) => {
      const target = plan.steps[call.step]?.target;
      const isIt = target?.ref === ref && target.uid === uid;
      return isIt && call.outcome === 'ok' && call.generation === generation;
    }),
  );
}
