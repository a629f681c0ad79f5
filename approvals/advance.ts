import type { Entry } from '#audit/log.ts';
import type { BodyOf, EntryKind } from '#incidents/entry.ts';
import { type Approval, type ApprovalState, nextStep, nextUndo } from './approval.ts';

/** A fact as far as an approval's state depends on it. */
export type Moved = {
  [K in EntryKind]: { kind: K; body: BodyOf<K>; entry: Pick<Entry, 'ts' | 'seq'> };
}[EntryKind];

/**
 * One fact of one approval: gives the approval as it is after it, by the state table above `ApprovalState`. Pure; the
 * state that people see and the one that is model-checked are both made here. A fact of another kind changes nothing.
 */
export function advance(approval: Approval, fact: Moved): Approval {
  switch (fact.kind) {
    case 'approval.approved':
      return approve(approval, fact);
    case 'approval.rejected':
      return enter(approval, fact, { state: 'rejected', reason: fact.body.by });
    case 'approval.expired':
      return stop(approval, fact, { state: 'expired', reason: null });
    case 'approval.withdrawn': {
      const { reason, by } = fact.body;
      return stop(approval, fact, {
        state: 'withdrawn',
        reason: by === undefined ? reason : `${reason} ${by}`,
      });
    }
    case 'approval.superseded':
      return enter(approval, fact, { state: 'superseded', reason: fact.body.by });
    case 'approval.revoked':
      return stop(approval, fact, { state: 'revoked', reason: fact.body.by });
    case 'approval.claimed':
      return enter(approval, fact, { state: 'claimed', reason: null });
    case 'approval.invalidated':
      return stop(approval, fact, { state: 'invalidated', reason: fact.body.reason });
    case 'approval.reminded':
      return { ...approval, reminded: true };
    default:
      return advanceAction(approval, fact);
  }
}

function advanceAction(approval: Approval, fact: Moved): Approval {
  switch (fact.kind) {
    case 'tool.intended':
      return intend(approval, fact);
    case 'tool.finished':
      return finish(approval, fact);
    case 'action.reconciled': {
      const outcome = fact.body.effect === 'happened' ? 'ok' : 'failed';
      return settle(approval, fact, { call: fact.body.call, outcome });
    }
    case 'action.quarantined':
      return enter(approval, fact, { state: 'quarantined', reason: null });
    case 'action.released':
      return enter(approval, fact, { state: 'released', reason: fact.body.effect });
    case 'action.sampled': {
      const inBand = fact.body.inBand ? approval.inBand + 1 : 0;
      return { ...approval, samples: approval.samples + 1, inBand };
    }
    case 'action.verified':
      return enter(approval, fact, { state: 'verified', reason: null });
    case 'action.in_effect':
      return enter(approval, fact, { state: 'verified', reason: null });
    case 'action.unverified':
      return enter(approval, fact, { state: 'unverified', reason: fact.body.reason });
    case 'action.undone': {
      const { complete, reason } = fact.body;
      return enter({ ...approval, undo: complete ? 'done' : 'failed' }, fact, { state: 'undone', reason });
    }
    default:
      return approval;
  }
}

type Of<K extends EntryKind> = Extract<Moved, { kind: K }>;
type Entered = { state: ApprovalState; reason: string | null };

function enter(approval: Approval, { entry }: Moved, { state, reason }: Entered): Approval {
  return { ...approval, state, reason, at: entry.ts, seq: entry.seq };
}

/** It ends, or, when a finished step of it stands, it halts: what ran is watched like a whole plan. */
function stop(approval: Approval, fact: Moved, { state, reason }: Entered): Approval {
  if (nextUndo(approval) === undefined) return enter(approval, fact, { state, reason });
  return enter(approval, fact, { state: 'halted', reason: state === 'revoked' ? state : (reason ?? state) });
}

function approve(approval: Approval, fact: Of<'approval.approved'>): Approval {
  const { by, via, roles, complete } = fact.body;
  const decisions = [...approval.decisions, { by, at: fact.entry.ts, via, roles }];
  const decided = { ...approval, decisions };
  return complete ? enter(decided, fact, { state: 'approved', reason: null }) : decided;
}

function intend(approval: Approval, fact: Of<'tool.intended'>): Approval {
  const { phase, step, call } = fact.body;
  if (phase !== 'run' && phase !== 'undo') return approval;
  const undo = phase === 'undo';
  const made = {
    step: step ?? 0,
    call,
    undo,
    outcome: 'open',
    generation: null,
    startedAt: fact.entry.ts,
  } as const;
  const calls = [...approval.calls, made];
  if (undo) return { ...approval, calls, undo: 'started' };
  return enter({ ...approval, calls }, fact, { state: 'started', reason: null });
}

function finish(approval: Approval, fact: Of<'tool.finished'>): Approval {
  const { call, outcome, facts } = fact.body;
  const generation = facts?.generation;
  const calls = approval.calls.map((made) =>
    made.call === call && typeof generation === 'number' ? { ...made, generation } : made,
  );
  const settled = outcome === 'ok' || outcome === 'unknown' ? outcome : 'failed';
  return settle({ ...approval, calls }, fact, { call, outcome: settled });
}

/** The outcome of one call; that of an undo is no state of its own, `action.undone` says how the undo went. */
function settle(
  approval: Approval,
  fact: Moved,
  { call, outcome }: { call: string; outcome: 'ok' | 'failed' | 'unknown' },
): Approval {
  const made = approval.calls.find((one) => one.call === call);
  if (made === undefined) return approval;
  const calls = approval.calls.map((one) => (one === made ? { ...one, outcome } : one));
  const settled = { ...approval, calls };
  if (made.undo) return settled;
  if (outcome === 'unknown') return enter(settled, fact, { state: 'unknown', reason: null });
  if (outcome === 'failed') return stop(settled, fact, { state: 'failed', reason: null });
  const state = nextStep(settled) === undefined ? 'succeeded' : 'approved';
  return enter(settled, fact, { state, reason: null });
}
