import type { PersonId } from '#core/ids.ts';
import type { Incident } from './incident.ts';
import type { RungState } from './rung-fold.ts';

/** Who is asked when nobody answered for `afterMs`. */
export type Rung = { readonly afterMs: number; readonly notify: Notify };
/** `rota`: whoever is on duty. `channel`: the team's channel, nobody by name. */
export type Notify = 'rota' | 'team' | 'channel' | PersonId;

export type RungReason =
  | 'critical'
  | 'people_needed'
  | 'approval_waiting'
  | 'approval_expired'
  | 'handover_waiting'
  | 'not_taken'
  | 'nobody_answered';
/** The rung that comes next, when it does, and why; rung 0 is whoever is on duty, the others those of the team. */
export type NextRung = {
  readonly rung: number;
  readonly notify: Notify;
  readonly at: number;
  readonly reason: RungReason;
};

export type EscalationInput = {
  readonly incident: Pick<Incident, 'resolved' | 'takenBy' | 'paused' | 'handover'>;
  readonly state: RungState;
  /** Of the team that owns it. */
  readonly rungs: readonly Rung[];
};

/** That somebody has seen it holds the next ones back for so long; then it is not enough. */
export const SEEN_MS = 30 * 60_000;
/** So long an offer may wait for whoever it was made to. */
export const HANDOVER_MS = 10 * 60_000;

/**
 * Whom to ask next about an incident, and when. Pure; due once `at` is reached, and a fold of the log, so that a restart
 * neither forgets nor repeats a rung. States:
 * - nobody asked: rung 0 at once when it is critical, people are needed, or a plan waits at half of its time or expired.
 * - asked (rung n): rung n + 1 when nobody answered for its time since, or at once when a plan waits or expired since; a
 *   decision shows that somebody is there, and the time counts from it.
 * - seen: somebody said so after all of that: the next ones only when it is still open and nobody's half an hour later.
 * - handed over: whoever has it offers it, and nobody accepts for ten minutes: the next ones as if nobody had it.
 * - answered: somebody has it, or it is paused or resolved: nobody more is asked.
 */
export function nextRung({ incident, state, rungs }: EscalationInput): NextRung | null {
  const { resolved, takenBy, paused, handover } = incident;
  if (resolved !== null || paused !== null || (takenBy !== null && handover === null)) return null;
  if (takenBy !== null && handover !== null) return whileOffered(handover.at, state, rungs);
  const next = afterLast(state, rungs);
  if (next === null || state.seenAt === null) return next;
  return { ...next, at: Math.max(next.at, state.seenAt + SEEN_MS), reason: 'not_taken' };
}

function afterLast(state: RungState, rungs: readonly Rung[]): NextRung | null {
  const last = state.reached.at(-1);
  if (last === undefined) return first(state);
  const rung = last.rung + 1;
  const next = rungs[rung - 1];
  if (next === undefined) return null;
  const { notify, afterMs } = next;
  if (state.raised !== null) return { rung, notify, at: last.at, reason: state.raised };
  return { rung, notify, at: Math.max(last.at, state.signAt) + afterMs, reason: 'nobody_answered' };
}

function whileOffered(offeredAt: number, state: RungState, rungs: readonly Rung[]): NextRung | null {
  const last = state.reached.at(-1);
  if (last !== undefined && last.at >= offeredAt) return afterLast({ ...state, raised: null }, rungs);
  const rung = last === undefined ? 0 : last.rung + 1;
  const notify = rung === 0 ? 'rota' : rungs[rung - 1]?.notify;
  return notify === undefined
    ? null
    : { rung, notify, at: offeredAt + HANDOVER_MS, reason: 'handover_waiting' };
}

/** Whether nobody is to be told of the rung that was reached last: somebody has answered since, or it is over. */
export function isAnswered(
  incident: EscalationInput['incident'] & Pick<Incident, 'acknowledgedBy'>,
  { reached }: Pick<RungState, 'reached'>,
): boolean {
  const { resolved, takenBy, acknowledgedBy, paused, handover } = incident;
  if (resolved !== null || paused !== null || acknowledgedBy !== null) return true;
  return takenBy !== null && (handover === null || (reached.at(-1)?.at ?? 0) < handover.at);
}

function first({ criticalAt, neededAt, raised }: RungState): NextRung | null {
  const start = { rung: 0, notify: 'rota' } as const;
  if (criticalAt !== null) return { ...start, at: criticalAt, reason: 'critical' };
  if (neededAt !== null) return { ...start, at: neededAt, reason: 'people_needed' };
  return raised === null ? null : { ...start, at: 0, reason: raised };
}

/**
 * The same with what is sure to come if nobody answers: at `raiseAt` a plan will have waited for half of its time, or
 * will expire, and the next people are asked then at the latest. For showing only; what is due comes from the log.
 */
export function expectedRung(input: EscalationInput, raiseAt: number | null): NextRung | null {
  if (raiseAt === null) return nextRung(input);
  const raised: RungState = { ...input.state, raised: 'approval_waiting' };
  const next = nextRung(input);
  const then = nextRung({ ...input, state: raised });
  if (then === null) return next;
  return next !== null && next.at <= raiseAt ? next : { ...then, at: raiseAt };
}
