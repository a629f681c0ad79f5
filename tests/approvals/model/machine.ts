import { advance } from '#approvals/advance.ts';
import { isExpired, isTakenBack, isUndoOpen } from '#approvals/approval.ts';
import { decisionMove } from '#approvals/decision.ts';
import { claimMove, startMove, undoMove } from '#approvals/moves.ts';

/**
 * The gate's decisions as they run in the product, and, below the line, what its shell does around them: an append whose
 * reads are stale is a conflict, a target that drifted is heeded, the off switch is asked once more before the order is
 * sent, the executor takes an order once. A seeded bug replaces one of them.
 */
export const machine = {
  advance,
  decisionMove,
  claimMove,
  startMove,
  undoMove,
  isExpired,
  isTakenBack,
  isUndoOpen,
  // ---
  conflicts: (stale: boolean) => stale,
  heeds: (drift: boolean) => drift,
  sendsWhenOff: (off: boolean) => !off,
  takes: (order: { boot: number; used: boolean; void: boolean }, boot: number) =>
    order.boot === boot && !order.used && !order.void,
  /** What becomes of an open call when the next start finds it. */
  foundOpen: 'unknown' as 'unknown' | 'failed',
};
export type Machine = typeof machine;
