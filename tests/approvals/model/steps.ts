import type { Moved } from '#approvals/advance.ts';
import type { Said } from '#approvals/decision.ts';
import { targetsOf } from '#approvals/plan-targets.ts';
import { sha256 } from '#core/hash.ts';
import type { BodyOf, EntryKind, entryBodies } from '#incidents/entry.ts';
import type { Machine } from './machine.ts';
import { breachOfYes } from './oracle.ts';
import type { State, Worker } from './state.ts';
import { alice, bob, personNow, type Scenario, see, TIMES, timeOf } from './world.ts';

/** One thing that may happen next. `free`: it happens by itself, sooner or later. */
export type Step = {
  readonly label: string;
  readonly next: State;
  readonly free: boolean;
  readonly breach?: string | undefined;
};
export type Model = { readonly scenario: Scenario; readonly machine: Machine };

const ANOTHER = sha256('another plan');
const ENDS: ReadonlySet<EntryKind> = new Set([
  'approval.rejected',
  'approval.expired',
  'approval.withdrawn',
  'approval.revoked',
  'approval.invalidated',
]);

/** The state after one fact of the plan; whoever read before it holds something stale. */
export function append<K extends keyof typeof entryBodies>(
  { machine }: Model,
  state: State,
  { kind, body }: { kind: K; body: BodyOf<K> },
): State {
  const fact = { kind, body, entry: { ts: timeOf(state.now), seq: 0 } } as Moved;
  return {
    ...stale(state),
    approval: machine.advance(state.approval, fact),
    over: state.over || ENDS.has(kind),
    bad: state.bad || kind === 'action.unverified',
  };
}

function stale(state: State): State {
  const [one, other] = state.workers;
  return { ...state, workers: [staleWorker(one), staleWorker(other)] };
}

function staleWorker(worker: Worker): Worker {
  return worker.pc === 'claiming' || worker.pc === 'starting' ? { ...worker, stale: true } : worker;
}

/** What people may say. */
export function* peopleSteps(model: Model, state: State): Generator<Step> {
  const { approval } = state;
  const { id, hash, cardDigest } = approval;
  const typed = targetsOf(approval.plan).join(' ');
  const say = (person: typeof alice, decision: Said['decision'], said = hash) => {
    const input: Said = { person: personNow(state, person), decision, hash: said, typed };
    return { input, move: model.machine.decisionMove(see(state), approval, input) };
  };
  for (const [person, seen] of [
    [alice, hash],
    [bob, hash],
    [bob, ANOTHER],
  ] as const) {
    const { input, move } = say(person, 'approve', seen);
    if (move.kind !== 'go') continue;
    const { complete } = move;
    const body = {
      approval: id,
      hash,
      cardDigest,
      by: person.id,
      roles: [...input.person.roles],
      via: 'cli' as const,
      complete,
    };
    const next = append(model, state, { kind: 'approval.approved', body });
    const label = `${person.id} says yes${seen === hash ? '' : ' to another plan'}`;
    yield { label, next, free: false, breach: breachOfYes(state, input, complete) };
  }
  if (say(bob, 'deny').move.kind === 'go') {
    const body = { approval: id, by: bob.id, via: 'cli' } as const;
    yield {
      label: 'bob says no',
      next: append(model, state, { kind: 'approval.rejected', body }),
      free: false,
    };
  }
  if (say(bob, 'revoke').move.kind === 'go') {
    const body = { approval: id, by: bob.id };
    yield {
      label: 'bob revokes',
      next: append(model, state, { kind: 'approval.revoked', body }),
      free: false,
    };
  }
}

/** What the world may do: time, stops, roles, changes by hand. Time and roles do not move between a read and its append. */
export function* outsideSteps(state: State): Generator<Step> {
  const between = state.workers.some(({ pc }) => pc === 'claiming' || pc === 'starting');
  if (!between && state.now < TIMES.length - 1)
    yield {
      label: `time passes to ${timeOf(state.now + 1) / 1000} s`,
      next: { ...state, now: state.now + 1 },
      free: false,
    };
  if (state.fate === 0) return;
  const fated = { ...state, fate: state.fate - 1 };
  const quiet = (label: string, next: State): Step => ({ label, next, free: false });
  // The file OFF is no entry; the others are.
  if (!state.off) yield quiet('everything is switched off', { ...fated, off: true });
  if (!state.frozen) yield quiet('a freeze begins', stale({ ...fated, frozen: true }));
  if (!state.taken) yield quiet('somebody takes the incident', stale({ ...fated, taken: true }));
  if (!state.cleared) yield quiet('the alert clears', stale({ ...fated, cleared: true }));
  if (!state.demoted && !between) yield quiet('alice loses her role', { ...fated, demoted: true });
  if (state.drifts === 0) return;
  for (const [at, target] of state.targets.entries()) {
    const targets = state.targets.with(at, { ...target, generation: target.generation + 1 });
    yield quiet(`somebody changes target ${at + 1} by hand`, { ...fated, targets, drifts: state.drifts - 1 });
  }
}

/** What the server does besides carrying out: expiry, withdrawal, judging, asking what became of a call. */
export function* systemSteps(model: Model, state: State): Generator<Step> {
  const { approval } = state;
  const about = { approval: approval.id };
  const after = <K extends keyof typeof entryBodies>(label: string, kind: K, body: BodyOf<K>): Step => ({
    label,
    next: append(model, state, { kind, body }),
    free: true,
  });
  if (model.machine.isExpired(approval, timeOf(state.now)))
    yield after('it expires', 'approval.expired', about);
  if ((state.taken || state.cleared) && (approval.state === 'pending' || approval.state === 'approved'))
    yield after('it is withdrawn', 'approval.withdrawn', { ...about, reason: 'taken' });
  if (approval.state === 'succeeded' || approval.state === 'halted') {
    yield after('the signal came back', 'action.verified', { ...about, samples: 1 });
    yield after('the signal did not come back', 'action.unverified', { ...about, reason: 'out_of_band' });
  }
  if (approval.state === 'quarantined')
    yield {
      ...after('a person releases it', 'action.released', { ...about, by: bob.id, effect: 'happened' }),
      free: false,
    };
  yield* settleSteps(model, state);
}

function* settleSteps(model: Model, state: State): Generator<Step> {
  const { approval } = state;
  const made = approval.calls.find(({ outcome }) => outcome === 'unknown');
  if (made === undefined || approval.state === 'quarantined' || approval.state === 'released') return;
  const body = { approval: approval.id, step: made.step, call: made.call };
  if (model.scenario.effect === 'opaque') {
    const next = append(model, state, { kind: 'action.quarantined', body });
    yield { label: 'nobody can say what became of it', next, free: true };
    return;
  }
  const happened = (state.effects[`${made.step}-${made.undo ? 'undo' : 'run'}`] ?? 0) > 0;
  // That it did not happen counts only when it cannot happen any more.
  if (!happened && state.orphans.some(({ call }) => call === made.call)) return;
  const effect = happened ? 'happened' : 'did_not_happen';
  const next = append(model, state, { kind: 'action.reconciled', body: { ...body, effect } });
  yield { label: `the backend says: ${effect.replaceAll('_', ' ')}`, next, free: true };
}
