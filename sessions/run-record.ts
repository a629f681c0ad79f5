import type { Log } from '#audit/log.ts';
import type { Clock } from '#core/clock.ts';
import type { RunId } from '#core/ids.ts';
import type { AgentCaller, RunBudget } from '#incidents/caller.ts';
import { fact, runStream, SYSTEM } from '#incidents/entry.ts';
import type { AgentRole } from '#incidents/vocabulary.ts';
import type { Item, Model, ToolSpec } from '#llm/model.ts';
import type { Invoke } from '#tools/call-result.ts';
import type { AgentSpec, AgentSpecs } from './agent-spec.ts';
import { type Context, createContext } from './context.ts';
import type { Ending } from './endings.ts';
import { encodeItems, openCalls, unmade } from './items.ts';
import { createLoopGuard, type LoopGuard } from './loop-guard.ts';
import type { Reply } from './reply-check.ts';
import type { SessionRecord } from './session-state.ts';
import type { SessionsFold } from './sessions-fold.ts';
import type { Stopper } from './stopper.ts';

export type RunDeps = {
  readonly log: Log;
  readonly clock: Clock;
  readonly model: Model;
  readonly invoke: Invoke;
  readonly specs: AgentSpecs;
  readonly toolSpecs: (role: AgentRole) => readonly ToolSpec[];
  readonly fold: SessionsFold;
  /** Told of bugs and of a log that failed; must not throw. */
  readonly onError: (error: unknown) => void;
};

/** A run whose `run.started` is durable. `items` is the session's transcript and grows while the run lasts. */
export type RunOrder = {
  readonly session: SessionRecord;
  readonly run: RunId;
  readonly deadline: number;
  readonly items: Item[];
  readonly stopper: Stopper;
  /** Told of each reply after it is in the log; must not throw. */
  readonly onReply?: (reply: Reply) => void;
};

/** A run while it lasts, and how it gets into the log. */
export type Run = RunOrder & {
  readonly deps: RunDeps;
  readonly spec: AgentSpec;
  readonly caller: AgentCaller;
  readonly budget: RunBudget;
  readonly guard: LoopGuard;
  /** What of the transcript is sent. */
  readonly context: Context;
  /** Results to which the run added a remark. */
  readonly changed: Set<Item>;
  /** Items before this one are in the log. */
  saved: number;
  turn: number;
  /** Ids of all calls of the session so far. */
  readonly callIds: Set<string>;
  reminded: boolean;
  corrected: boolean;
};

export function beginRun(deps: RunDeps, order: RunOrder): Run {
  const { role, incident, key, allowlist, limits } = order.session;
  const { modelCalls, toolCalls } = limits;
  const budget: RunBudget = { modelCalls, toolCalls, deadline: order.deadline };
  const signal = order.stopper.signal;
  const caller: AgentCaller = {
    kind: 'agent',
    role,
    incident,
    session: key,
    run: order.run,
    allowlist,
    budget,
    signal,
  };
  const callIds = new Set(
    order.items.flatMap((item) => (item.kind === 'reply' ? item.calls : [])).map(({ id }) => id),
  );
  const fresh = { callIds, saved: order.items.length, turn: 0, reminded: false, corrected: false };
  const spec = deps.specs[role];
  const own = { guard: createLoopGuard(), context: createContext(order.items), changed: new Set<Item>() };
  return { ...order, ...fresh, ...own, deps, spec, caller, budget };
}

/** The reply is durable before anything is done about it. */
export async function recordReply(run: Run, reply: Reply): Promise<void> {
  const { deps, session } = run;
  run.items.push({ kind: 'reply', text: reply.text, calls: reply.calls });
  run.turn += 1;
  const body = {
    session: session.key,
    run: run.run,
    turn: run.turn,
    model: reply.by.model.slice(0, 120),
    mode: reply.by.mode,
    why: reply.by.why,
    stop: reply.stop,
    calls: reply.calls.length,
    inputTokens: count(reply.usage.inputTokens),
    outputTokens: count(reply.usage.outputTokens),
    usdMicros: count(reply.usage.usdMicros),
  };
  const actor = { kind: 'agent', id: session.role } as const;
  await deps.log.append([
    fact('turn.replied', body, { ...contextOf(run), actor, payloads: unsaved(run, String(run.turn)) }),
  ]);
  run.onReply?.(reply);
}

/** A provider's figure as a count; what is no number counts as nothing. */
function count(figure: number): number {
  return Number.isFinite(figure) ? Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.ceil(figure))) : 0;
}

function unsaved(run: Run, part: string) {
  const items = run.items.slice(run.saved);
  run.saved = run.items.length;
  return items.length === 0 ? [] : [{ id: `${run.run}.${part}`, content: encodeItems(items, run.changed) }];
}

function contextOf(run: Run) {
  return { actor: SYSTEM, traceId: run.run, incident: run.session.incident, session: run.session.key };
}

/** Settling is a decision: whoever comes second finds the run settled, and the first outcome stays. */
export async function recordEnding(run: Run, ending: Ending): Promise<void> {
  for (const call of openCalls(run.items)) {
    run.items.push(unmade(call, 'run_ended', 'Not made: the run ended.'));
  }
  const { outcome, reason, report, dropped } = ending;
  const { key, role } = run.session;
  const body = { session: key, run: run.run, role, outcome, reason, report, droppedClaims: dropped };
  const stream = runStream(run.run);
  const context = { ...contextOf(run), streams: [stream], payloads: unsaved(run, 'end') };
  await run.deps.log.append([fact('run.settled', body, context)], { expect: { [stream]: 0 } });
}
