import { type Approval, nextStep, nextUndo, type StepCall } from './approval.ts';
import { type Lapse, lapseOf, policyReason } from './lapse.ts';
import type { Step } from './plan.ts';
import type { View } from './view.ts';

/** One step in one direction, with the generation that its target must have. */
export type Ready = {
  readonly index: number;
  readonly step: Step;
  readonly undo: boolean;
  readonly generation: number;
};
export type MoveRefusal = Lapse | 'not_found' | 'not_approved' | 'nothing_to_undo' | 'drifted';
/** `refuse`: it is not this caller's to go on with. `invalidate`: the plan is void, and that is to be recorded. */
export type Move =
  | ({ readonly kind: 'go' } & Ready)
  | { readonly kind: 'refuse'; readonly reason: MoveRefusal }
  | { readonly kind: 'invalidate'; readonly reason: Lapse };

/*
 * How a plan's step comes to run, in three moments, each a pure question about what is seen at that moment:
 * 1. claim: approved -> claimed. May the next step run? Recorded only if nothing that was read has changed since.
 * 2. (the target is looked at again; that takes time)
 * 3. start: claimed -> started. May it still? Recorded in the same way; only then does a permit exist.
 * An undo has no claim: unverified -> its intent, by `undoMove` before and after the look at the target.
 */

/** Whether the next step may be claimed now. */
export function claimMove(view: View, approval: Approval): Move {
  const index = nextStep(approval);
  const step = index === undefined ? undefined : approval.plan.steps[index];
  if (index === undefined || step === undefined) return { kind: 'refuse', reason: 'not_found' };
  // Somebody else claimed or ended it: it is theirs to go on with.
  if (approval.state !== 'approved') return { kind: 'refuse', reason: 'not_approved' };
  const lapse = lapseOf(view, approval, step);
  if (lapse !== undefined) return { kind: 'invalidate', reason: lapse };
  return { kind: 'go', index, step, undo: false, generation: generationNow(approval, step) };
}

/** Whether what was claimed, or is to be taken back, may start now: others may have acted since it was looked at. */
export function startMove(view: View, approval: Approval, ready: Ready): Move {
  if (ready.undo) {
    const move = undoMove(view, approval);
    return move.kind === 'go' && !isSame(move, ready) ? { kind: 'refuse', reason: 'nothing_to_undo' } : move;
  }
  if (approval.state !== 'claimed' || nextStep(approval) !== ready.index)
    return { kind: 'refuse', reason: 'not_approved' };
  const lapse = lapseOf(view, approval, ready.step);
  return lapse === undefined ? { kind: 'go', ...ready } : { kind: 'invalidate', reason: lapse };
}

function isSame(one: Ready, other: Ready): boolean {
  return one.index === other.index && one.generation === other.generation;
}

/** Whether the last step that still stands may be taken back now. */
export function undoMove(view: View, approval: Approval): Move {
  const last = nextUndo(approval);
  const step = last === undefined ? undefined : approval.plan.steps[last.step];
  if (last === undefined || step === undefined || step.undo === null)
    return { kind: 'refuse', reason: 'nothing_to_undo' };
  if (approval.state !== 'unverified') return { kind: 'refuse', reason: 'not_approved' };
  const denied = policyReason(view, step, 'undo');
  if (denied !== undefined) return { kind: 'refuse', reason: denied };
  const generation = lastOn(approval, step)?.generation ?? null;
  if (generation === null) return { kind: 'refuse', reason: 'drifted' };
  return { kind: 'go', index: last.step, step, undo: true, generation };
}

/** The generation the target must have: as approved, or as the plan's own last step left it. */
function generationNow(approval: Approval, step: Step): number {
  return lastOn(approval, step)?.generation ?? step.target.generation;
}

/** The plan's own newest finished call on a step's target. */
function lastOn({ calls, plan }: Approval, { target: { ref } }: Step): StepCall | undefined {
  return calls.findLast(({ outcome, step }) => outcome === 'ok' && plan.steps[step]?.target.ref === ref);
}
