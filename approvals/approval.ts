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
 * - started: the intent is durable, the call runs. -> approved (a next step is left), succeeded (last step done), failed,
 *   unknown.
 * - unknown: the call may or may not have had its effect. -> as from started (the backend was asked: `action.reconciled`),
 *   or quarantined (it cannot be asked: people look).
 * - halted: whatever ends a plan (invalidated, failed, expired, withdrawn, revoked) while a finished step of it stands
 *   enters this state instead, with the reason: nothing more of it runs, and what ran is watched. -> as from succeeded.
 * - succeeded: the declared signal is watched. -> verified, or unverified (then the pre-approved undo runs).
 * - unverified -> undone (the undo ran, or could not), or quarantined (whether the undo ran cannot be found out).
 * - quarantined: its targets are held. -> released (a person says what became of it, or closes the incident; code closing
 *   it frees nothing: nobody has looked).
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
  | 'halted'
  | 'succeeded'
  | 'failed'
  | 'unknown'
  | 'quarantined'
  | 'released'
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
  /** Whether people were reminded of it. */
  reminded: boolean;
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
  'released',
  'verified',
  'undone',
]);

/** Whether nothing more can happen to it. */
export function isEnded(approval: Approval): boolean {
  return ended.has(approval.state);
}

const underWay: ReadonlySet<ApprovalState> = new Set([
  'claimed',
  'started',
  'unknown',
  'halted',
  'succeeded',
  'unverified',
]);

/** Whether something of it was taken up, or was done, and is not yet judged; between two steps too. */
export function isUnderWay({ state, calls }: Approval): boolean {
  return underWay.has(state) || (state === 'approved' && calls.length > 0);
}

/** Whether it holds its targets: from the claim until its outcome is known and watched. */
export function holdsTarget(approval: Approval): boolean {
  return isUnderWay(approval) || approval.state === 'quarantined';
}

/** Whether its time is up before anything of it ran. */
export function isExpired({ state, calls, plan }: Approval, now: number): boolean {
  return (state === 'pending' || (state === 'approved' && calls.length === 0)) && now >= plan.expiresAt;
}

/** Whether half of its time is up, nobody has decided, and people were not yet reminded. */
export function needsReminder({ state, reminded, requestedAt, plan }: Approval, now: number): boolean {
  return state === 'pending' && !reminded && now >= requestedAt + (plan.expiresAt - requestedAt) / 2;
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

/** Whether an undo was begun whose outcome is not known yet. */
export function isUndoOpen({ calls }: Approval): boolean {
  return calls.some(({ undo, outcome }) => undo && (outcome === 'open' || outcome === 'unknown'));
}

/** Whether everything that was done for it was taken back. */
export function isTakenBack(approval: Approval): boolean {
  const undos = approval.calls.filter((call) => call.undo);
  return undos.length > 0 && undos.every((call) => call.outcome === 'ok') && nextUndo(approval) === undefined;
}
