import { orderKey } from '#approvals/permit.ts';
import { sha256 } from '#core/hash.ts';
import { CallId } from '#core/ids.ts';
import type { BodyOf } from '#incidents/entry.ts';
import { breachOfEffect, breachOfIntent, breachOfSending } from './oracle.ts';
import { type Answer, effectKey, type Order, type State, type Worker } from './state.ts';
import { append, type Model, type Step } from './steps.ts';
import { see, targetAt, timeOf } from './world.ts';

const ARGS = sha256('args');
const IDLE: Worker = { pc: 'idle' };
const PERMIT_MS = 30_000;

type At = 0 | 1;

function put(state: State, at: At, worker: Worker): State {
  const [one, other] = state.workers;
  return { ...state, workers: at === 0 ? [worker, other] : [one, worker] };
}

/** What a worker that carries the plan out does next. */
export function* workerSteps(model: Model, state: State, at: At): Generator<Step> {
  const worker = state.workers[at];
  const does = (label: string, next: State, breach?: string): Step => ({
    label: `worker ${at + 1} ${label}`,
    next,
    free: true,
    breach,
  });
  switch (worker.pc) {
    case 'idle':
      return yield* pick(model, state, at);
    case 'claiming': {
      if (model.machine.conflicts(worker.stale)) return yield does('meets a conflict', put(state, at, IDLE));
      const body = { approval: state.approval.id, step: worker.ready.index, boot: `${state.boot}` };
      const claimed = append(model, put(state, at, IDLE), { kind: 'approval.claimed', body });
      return yield does('claims', put(claimed, at, { pc: 'looking', ready: worker.ready }));
    }
    case 'looking': {
      const target = state.targets[targetAt(state.approval.plan, worker.ready.index)];
      const drift = target?.generation !== worker.ready.generation;
      const looked = put(state, at, { pc: 'looked', ready: worker.ready, drift });
      return yield does(`looks at the target: ${drift ? 'changed' : 'as it was'}`, looked);
    }
    case 'looked':
      return yield* afterLook(model, state, at);
    case 'starting':
      return yield* intend(model, state, at);
    case 'permitted': {
      if (!model.machine.sendsWhenOff(state.off))
        return yield does(
          'does not send: off',
          put(state, at, { ...worker, pc: 'answered', answer: { kind: 'refused' } }),
        );
      return yield does('sends', put(state, at, { ...worker, pc: 'sent' }), breachOfSending(state));
    }
    case 'sent':
      return yield* executorSteps(model, state, at);
    case 'answered':
      return yield* finishSteps(model, state, at);
  }
}

/** An idle worker takes up the next step, or the next undo, or says that the undo is over. */
function* pick(model: Model, state: State, at: At): Generator<Step> {
  const { approval } = state;
  const who = `worker ${at + 1}`;
  if (approval.state === 'unverified') {
    const move = model.machine.undoMove(see(state), approval);
    if (move.kind === 'go') {
      const { kind: _, ...ready } = move;
      yield { label: `${who} takes up an undo`, next: put(state, at, { pc: 'looking', ready }), free: true };
    } else yield* undone(model, state, who);
    return;
  }
  const move = model.machine.claimMove(see(state), approval);
  if (move.kind === 'go') {
    const { kind: _, ...ready } = move;
    const next = put(state, at, { pc: 'claiming', ready, stale: false });
    yield { label: `${who} reads that step ${ready.index + 1} may run`, next, free: true };
  } else if (move.kind === 'invalidate') yield invalid(model, state, `${who}: ${move.reason}`);
}

function* undone(model: Model, state: State, who: string): Generator<Step> {
  const { approval } = state;
  if (approval.state !== 'unverified' || model.machine.isUndoOpen(approval)) return;
  const complete = model.machine.isTakenBack(approval);
  const body = { approval: approval.id, complete, reason: complete ? null : 'refused' };
  const next = append(model, state, { kind: 'action.undone', body });
  yield { label: `${who} says: ${complete ? 'taken back' : 'not taken back'}`, next, free: true };
}

function invalid(model: Model, state: State, label: string): Step {
  const body = { approval: state.approval.id, reason: 'drifted' };
  return { label, next: append(model, state, { kind: 'approval.invalidated', body }), free: true };
}

function* afterLook(model: Model, state: State, at: At): Generator<Step> {
  const worker = state.workers[at];
  if (worker.pc !== 'looked') return;
  const { ready, drift } = worker;
  const idle = put(state, at, IDLE);
  const who = `worker ${at + 1}`;
  if (model.machine.heeds(drift)) {
    if (!ready.undo)
      yield state.approval.state === 'claimed'
        ? invalid(model, idle, `${who}: drifted`)
        : { label: `${who} leaves it`, next: idle, free: true };
    else if (model.machine.isUndoOpen(state.approval) || state.approval.state !== 'unverified')
      yield { label: `${who} leaves it`, next: idle, free: true };
    else yield* undone(model, idle, who);
    return;
  }
  const move = model.machine.startMove(see(state), state.approval, ready);
  if (move.kind === 'go') {
    const next = put(state, at, { pc: 'starting', ready, drift, stale: false });
    yield { label: `${who} reads that it may start`, next, free: true };
  } else if (move.kind === 'invalidate') yield invalid(model, idle, `${who}: ${move.reason}`);
  else yield { label: `${who} leaves it`, next: idle, free: true };
}

function* intend(model: Model, state: State, at: At): Generator<Step> {
  const worker = state.workers[at];
  if (worker.pc !== 'starting') return;
  const { ready, drift } = worker;
  const who = `worker ${at + 1}`;
  if (model.machine.conflicts(worker.stale)) {
    yield {
      label: `${who} meets a conflict`,
      next: put(state, at, { pc: 'looked', ready, drift }),
      free: true,
    };
    return;
  }
  const { approval } = state;
  const call = CallId.parse(`e${approval.calls.length + 1}`);
  const phase: 'undo' | 'run' = ready.undo ? 'undo' : 'run';
  const body: BodyOf<'tool.intended'> = {
    ...{ call, phase, tool: ready.step.tool, version: 1, tier: 'R2', args: {}, argsHash: ARGS },
    ...{ caller: 'system:firebreak', session: null, approval: approval.id, step: ready.index },
  };
  const { index, undo, generation } = ready;
  const id = `${state.boot}${orderKey(approval.hash, index, phase).slice(-6)}${call}`;
  const order: Order = { index, undo, generation, boot: state.boot, at: state.now, call, id };
  const started = append(model, put(state, at, IDLE), { kind: 'tool.intended', body });
  const next = put(started, at, { pc: 'permitted', order });
  const label = `${who} ${undo ? 'starts the undo of' : 'starts'} step ${index + 1}`;
  yield { label, next, free: true, breach: breachOfIntent(state, { index, undo, drift }) };
}

/** The executor takes the order or does not; its answer may be lost. */
function* executorSteps(model: Model, state: State, at: At): Generator<Step> {
  const worker = state.workers[at];
  if (worker.pc !== 'sent') return;
  const { order } = worker;
  const answered = (from: State, answer: Answer): State => put(from, at, { pc: 'answered', order, answer });
  const { next, answer, breach } = perform(model, state, order);
  yield { label: `the executor: ${answer.kind}`, next: answered(next, answer), free: true, breach };
  if (state.fate === 0) return;
  const fated = { ...next, fate: next.fate - 1 };
  yield { label: 'the answer is lost', next: answered(fated, { kind: 'lost' }), free: false, breach };
  const lost = { ...state, fate: state.fate - 1 };
  yield { label: 'the order is lost', next: answered(lost, { kind: 'lost' }), free: false };
}

type Performed = { next: State; answer: Answer; breach: string | undefined };

function perform(model: Model, state: State, order: Order): Performed {
  const used = state.used.includes(order.id);
  const isVoid = timeOf(state.now) - timeOf(order.at) > PERMIT_MS;
  if (!model.machine.takes({ boot: order.boot, used, void: isVoid }, state.boot))
    return { next: state, answer: { kind: 'refused' }, breach: undefined };
  return applied(model, { ...state, used: used ? state.used : [...state.used, order.id] }, order);
}

/** The backend: a key it knows has no second effect, another generation is refused. */
function applied({ scenario }: Model, state: State, order: Order): Performed {
  const key = effectKey(order);
  const times = state.effects[key] ?? 0;
  const where = targetAt(state.approval.plan, order.index);
  const target = state.targets[where];
  if (target === undefined) throw new Error('no such target');
  if (scenario.effect === 'keyed' && times > 0)
    return { next: state, answer: { kind: 'done', generation: target.generation }, breach: undefined };
  // An opaque backend looks at nothing.
  if (scenario.effect === 'keyed' && target.generation !== order.generation)
    return { next: state, answer: { kind: 'refused' }, breach: undefined };
  const generation = target.generation + 1;
  const targets = state.targets.with(where, { generation, expected: target.expected + 1 });
  const next = { ...state, targets, effects: { ...state.effects, [key]: times + 1 } };
  return { next, answer: { kind: 'done', generation }, breach: breachOfEffect(state, next, order) };
}

function* finishSteps(model: Model, state: State, at: At): Generator<Step> {
  const worker = state.workers[at];
  if (worker.pc !== 'answered') return;
  const { order, answer } = worker;
  const outcome = answer.kind === 'done' ? 'ok' : answer.kind === 'lost' ? 'unknown' : 'failed';
  const next = append(model, put(state, at, IDLE), finished(order.call, outcome, answer));
  yield { label: `worker ${at + 1} records: ${outcome}`, next, free: true };
  if (state.fate === 0 || answer.kind !== 'done') return;
  const again = perform(model, { ...state, fate: state.fate - 1 }, order);
  yield { label: 'the order arrives once more', next: again.next, free: false, breach: again.breach };
}

function finished(call: Order['call'], outcome: 'ok' | 'unknown' | 'failed', answer?: Answer) {
  const facts = answer?.kind === 'done' ? { generation: answer.generation } : null;
  const body = {
    call,
    tool: 'service_rollback',
    outcome,
    reason: null,
    exitCode: null,
    durationMs: 0,
    facts,
  };
  return { kind: 'tool.finished', body } as const;
}

/** The server dies; the next start settles what it finds. What was sent may still arrive while its permit lives. */
export function* crashSteps(model: Model, state: State): Generator<Step> {
  for (const order of state.orphans) {
    const orphans = state.orphans.filter((one) => one !== order);
    const { next, breach } = applied(model, { ...state, orphans }, order);
    if (timeOf(state.now) - timeOf(order.at) <= PERMIT_MS)
      yield { label: 'an order of the dead start arrives', next, free: true, breach };
    yield { label: 'an order of the dead start is lost', next: { ...state, orphans }, free: true };
  }
  if (state.fate === 0) return;
  const sent = state.workers.flatMap((worker) => (worker.pc === 'sent' ? [worker.order] : []));
  let next: State = {
    ...state,
    ...{ fate: state.fate - 1, boot: state.boot + 1, workers: [IDLE, IDLE], used: [] },
    orphans: [...state.orphans, ...sent],
  };
  for (const { call, outcome } of state.approval.calls)
    if (outcome === 'open') next = append(model, next, finished(call, model.machine.foundOpen));
  if (next.approval.state === 'claimed') next = invalid(model, next, '').next;
  yield { label: 'the server dies and starts again', next, free: false };
}
