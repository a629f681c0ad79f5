import type { CallId, Digest, PersonId } from '#core/ids.ts';
import type { Mode } from '#incidents/vocabulary.ts';
import type { Plan } from './plan.ts';

/**
 * An approval is one plan before people. States, how entered, how left:
 * - recorded: requested where the mode is not `act`. Final: nobody is asked, nothing is done.
 * - pending: requested in mode `act`. -> approved (enough people said yes), rejected (one said no), expired (its time is
 *   up), withdrawn (the incident no longer needs it), superseded (a newer plan for the same tool and target).
 * - approved -> claimed (once, by code), expired, withdrawn, revoked (a person takes the yes back).
 * - claimed: code took the next step and re-validates. -> started, or invalidated (anything differs from what was shown).
 * - started: the intent is durable, the call runs. -> claimed (next step), succeeded (last step done), failed, unknown.
 * - unknown: the call may or may not have had its effect. -> succeeded or failed (the backend was asked: `action.reconciled`),
 *   or quarantined (it cannot be asked: people look).
 * - succeeded: the declared signal is watched. -> verified, or unverified (then the pre-approved undo runs).
 * - unverified -> undone (the undo ran, or could not).
 */
export type ApprovalState =
  | 'recorded'
  | 'pending'
  | 'approved'
  | 'rejected'
  | 'expired'
  | 'withdrawn'
  | 'superseded'
  | 'revoked'
  | 'claimed'
  | 'invalidated'
  | 'started'
  | 'succeeded'
  | 'failed'
  | 'unknown'
  | 'quarantined'
  | 'verified'
  | 'unverified'
  | 'undone';

export type Decision = { by: PersonId; at: number; via: string; roles: readonly string[] };
/** A call made for this approval; `generation` is what the target's became, where the backend said so. */
export type StepCall = {
  step: number;
  call: CallId;
  undo: boolean;
  outcome: 'open' | 'ok' | 'failed' | 'unknown';
  generation: number | null;
  startedAt: number;
};

export type Approval = {
  id: Plan['approval'];
  plan: Plan;
  hash: Digest;
  cardDigest: Digest;
  mode: Mode;
  state: ApprovalState;
  reason: string | null;
  requestedAt: number;
  /** When the state was last entered. */
  at: number;
  /** Log position of the entry that entered it. */
  seq: number;
  decisions: Decision[];
  calls: StepCall[];
  /** Verification: samples in a row inside the band, and samples in all. */
  inBand: number;
  samples: number;
  undo: 'none' | 'started' | 'done' | 'failed';
};

const ended: ReadonlySet<ApprovalState> = new Set([
  'recorded',
  'rejected',
  'expired',
  'withdrawn',
  'superseded',
  'revoked',
  'invalidated',
  'failed',
  'quarantined',
  'verified',
  'undone',
]);

/** Whether nothing more can happen to it. */
export function isEnded(approval: Approval): boolean {
  return ended.has(approval.state);
}

/** Whether it holds its targets: from the claim until its outcome is known and watched. */
export function holdsTarget(approval: Approval): boolean {
  return ['claimed', 'started', 'unknown', 'succeeded', 'unverified', 'quarantined'].includes(approval.state);
}

/** The step to claim next; undefined when all were done. */
export function nextStep(approval: Approval): number | undefined {
  const done = approval.calls.filter((call) => !call.undo && call.outcome === 'ok').length;
  return done < approval.plan.steps.length ? done : undefined;
}

/** The finished step to take back next, the last one first; undefined when none is left or an undo did not succeed. */
export function nextUndo(approval: Approval): StepCall | undefined {
  const undos = approval.calls.filter((call) => call.undo);
  if (undos.some((call) => call.outcome !== 'ok')) return undefined;
  const isStanding = ({ step }: StepCall) => undos.every((call) => call.step !== step);
  return approval.calls.findLast((call) => !call.undo && call.outcome === 'ok' && isStanding(call));
}

/** Whether everything that was done for it was taken back. */
export function isTakenBack(approval: Approval): boolean {
  const undos = approval.calls.filter((call) => call.undo);
  return undos.length > 0 && undos.every((call) => call.outcome === 'ok') && nextUndo(approval) === undefined;
}
