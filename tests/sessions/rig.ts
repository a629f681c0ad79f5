import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import type { Entry, Log } from '#audit/log.ts';
import { type MemoryLog, openMemoryLog } from '#audit/memory-log.ts';
import type { Random } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { CallId, IncidentId, ServiceId } from '#core/ids.ts';
import type { Caller } from '#incidents/caller.ts';
import { type Fact, fact, readFact, SYSTEM } from '#incidents/entry.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import { type Brief, DiagnosisReport, MonitorReport, type Wake } from '#incidents/reports.ts';
import type { Model, ModelCall, ModelReply, ModelRequest, ToolSpec } from '#llm/model.ts';
import type { AgentSpec, AgentSpecs } from '#sessions/agent-spec.ts';
import { historyTool } from '#sessions/history.ts';
import { formatSessionKey } from '#sessions/key.ts';
import { createScheduler, type Scheduler } from '#sessions/scheduler.ts';
import { createSessionsFold, type SessionsFold } from '#sessions/sessions-fold.ts';
import { spawnTool } from '#sessions/spawn.ts';
import type { CallResult, Invoke, RequestedCall } from '#tools/call-result.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

export const INC = IncidentId.parse('INC-1');
export const CHECKOUT = ServiceId.parse('checkout');
const usage = { inputTokens: 10, outputTokens: 5, usdMicros: 3 };

/** Bytes and uuids that are the same in every run. */
export function countingRandom(start = 0): Random {
  let count = start;
  const next = () => {
    count += 1;
    return count;
  };
  return {
    bytes: (size) => Buffer.alloc(size, next()),
    uuid: () => `00000000-0000-4000-8000-${String(next()).padStart(12, '0')}`,
  };
}

export const call = (tool: string, args: ModelCall['args'] = {}, id = tool): ModelCall => ({
  id,
  tool,
  args,
});
export const say = (...calls: ModelCall[]): ModelReply => ({
  kind: 'reply',
  text: '',
  calls,
  stop: calls.length > 0 ? 'tool_use' : 'end',
  usage,
  by: { model: 'scripted', mode: 'model', why: null },
});

export type Script = (
  request: ModelRequest,
  turn: number,
  signal: AbortSignal,
) => ModelReply | Promise<ModelReply>;

/** A model whose replies a test writes per role; `turn` counts the replies that the transcript already holds. */
export function scripted(roles: Partial<Record<string, Script>>): Model & { requests: ModelRequest[] } {
  const requests: ModelRequest[] = [];
  return {
    name: 'scripted',
    requests,
    reply: async (request, signal) => {
      // The request may hold the live transcript.
      requests.push({ ...request, items: [...request.items] });
      const turn = request.items.filter((item) => item.kind === 'reply').length;
      return roles[request.role]?.(request, turn, signal) ?? say();
    },
  };
}

const NoSafeAction = z.strictObject({ role: z.literal('remediation'), outcome: z.literal('no_safe_action') });
const limits = { wallMs: 300_000, modelCalls: 20, toolCalls: 25 };
const prompt = { text: 'be careful', hash: sha256('be careful') };

export const specs: AgentSpecs = {
  coordinator: {
    role: 'coordinator',
    prompt,
    limits,
    report: null,
    allowlist: [
      'sessions_spawn',
      'sessions_history',
      'incident_note',
      'incident_escalate',
      'incident_resolve',
    ],
  },
  monitor: {
    role: 'monitor',
    prompt,
    limits,
    report: MonitorReport,
    allowlist: ['metrics_query', 'http_probe'],
  },
  diagnosis: { role: 'diagnosis', prompt, limits, report: DiagnosisReport, allowlist: ['metrics_query'] },
  remediation: { role: 'remediation', prompt, limits, report: NoSafeAction, allowlist: ['service_restart'] },
};

const service: Service = {
  id: CHECKOUT,
  environment: 'prod',
  owner: 'team-shop',
  mode: 'act',
  dependsOn: [],
  maxReplicas: 4,
  signals: {},
};
export const inventory: Inventory = { version: sha256('v1'), services: new Map([[CHECKOUT, service]]) };

export const opened: Wake = {
  kind: 'opened',
  service: 'service:checkout',
  severity: 'critical',
  about: 'error_ratio',
  startedAt: 1,
};
export const monitorBrief: Brief = {
  role: 'monitor',
  service: 'service:checkout',
  severity: 'critical',
  about: 'error_ratio',
  startedAt: 1,
};
export const healthy = { role: 'monitor', verdict: 'healthy', signal: null, since: null, findings: [] };
export const spawnMonitor = (id = 'spawn') =>
  call('sessions_spawn', { role: 'monitor', brief: monitorBrief }, id);

export type Performed = { tool: string; caller: Caller; args: RequestedCall['args'] };
/** How a tool answers in a test; the default says `{ ok: true }`. */
export type Answers = (
  call: RequestedCall,
  caller: Caller,
) => CallResult['outcome'] | Promise<CallResult['outcome']>;

export type Rig = {
  clock: FakeClock;
  log: Log & MemoryLog;
  fold: SessionsFold;
  scheduler: Scheduler;
  model: ReturnType<typeof scripted>;
  performed: Performed[];
  errors: unknown[];
  facts(): Promise<Fact[]>;
  entries(): Promise<Entry[]>;
};

export type RigOptions = {
  roles?: Partial<Record<string, Script>>;
  answers?: Answers;
  wrapLog?: (log: Log) => Log;
  wrapInvoke?: (invoke: Invoke) => Invoke;
  /** An earlier process's log and clock: what this rig starts on after a restart. */
  after?: Pick<Rig, 'log' | 'clock'>;
  seed?: number;
  /** What models are told of tools. */
  toolSpecs?: readonly ToolSpec[];
  /** How code reports for a monitor that gave no report. */
  partial?: AgentSpec['partial'];
};

/** The session layer on a log in memory, with a scripted model and a small stand-in for the tool layer. */
export async function createRig(options: RigOptions = {}): Promise<Rig> {
  const clock = options.after?.clock ?? new FakeClock();
  const random = countingRandom(options.seed ?? 0);
  const fold = createSessionsFold();
  const log = options.after?.log ?? (await openMemoryLog({ clock, random }));
  for await (const entry of log.read(0)) fold.apply(entry);
  log.subscribe((committed) => {
    for (const entry of committed) fold.apply(entry);
  });
  const used: Log = options.wrapLog?.(log) ?? log;
  const model = scripted(options.roles ?? {});
  const performed: Performed[] = [];
  const errors: unknown[] = [];
  const launch: Scheduler['launch'] = (incident, run) => scheduler.launch(incident, run);
  const spawn = spawnTool({ log: used, random, fold, specs, inventory, runbooks: [], launch });
  const real = standIn({ log: used, fold, clock, spawn, performed, answers: options.answers });
  const invoke = options.wrapInvoke?.(real) ?? real;
  const { partial } = options;
  const monitor = { ...specs.monitor, ...(partial && { partial }) };
  const base = { log: used, clock, random, fold, specs: { ...specs, monitor }, model, invoke };
  const toolSpecs = () => options.toolSpecs ?? [];
  const scheduler = createScheduler({ ...base, toolSpecs, onError: (error) => errors.push(error) });
  const entries = async () => {
    const all: Entry[] = [];
    for await (const entry of log.read(0)) all.push(entry);
    return all;
  };
  const facts = async () => (await entries()).flatMap((entry) => readFact(entry) ?? []);
  return { clock, log, fold, scheduler, model, performed, errors, entries, facts };
}

type StandIn = {
  log: Log;
  fold: SessionsFold;
  clock: FakeClock;
  spawn: ReturnType<typeof spawnTool>;
  performed: Performed[];
  answers: Answers | undefined;
};

/** Allowlist, budget, intent and outcome as the real tool layer has them; no gate and no real tools. */
function standIn(parts: StandIn): Invoke {
  let number = 0;
  const one = async (caller: Caller, request: RequestedCall): Promise<CallResult> => {
    const { id, tool, args } = request;
    const refused = (reason: 'not_allowed' | 'budget_exceeded' | 'run_ended'): CallResult => ({
      id,
      call: null,
      tool,
      outcome: { kind: 'refused', reason, text: reason },
    });
    if (caller.kind === 'agent') {
      if (caller.signal.aborted) return refused('run_ended');
      if (!caller.allowlist.includes(tool)) return refused('not_allowed');
      if (caller.budget.toolCalls < 1) return refused('budget_exceeded');
      caller.budget.toolCalls -= 1;
    }
    number += 1;
    const evidence = CallId.parse(`e${number}`);
    const session = caller.kind === 'agent' ? caller.session : null;
    const about = {
      actor: SYSTEM,
      traceId: 't',
      incident: caller.incident,
      ...(session === null ? {} : { session }),
    };
    const intent = {
      call: evidence,
      tool,
      version: 1,
      tier: 'R0',
      phase: 'run',
      args: Object(args),
    } as const;
    const rest = { argsHash: sha256(tool), caller: caller.kind, session, approval: null, step: null };
    await parts.log.append([fact('tool.intended', { ...intent, ...rest }, about)]);
    parts.performed.push({ tool, caller, args });
    const outcome = await answer(parts, request, { caller, evidence });
    const content = Buffer.from(
      JSON.stringify(outcome.kind === 'ok' ? outcome : { value: null, text: outcome.text }),
    );
    const ended = {
      call: evidence,
      tool,
      outcome: outcome.kind === 'ok' ? 'ok' : 'gap',
      reason: null,
    } as const;
    await parts.log.append([
      fact(
        'tool.finished',
        { ...ended, exitCode: null, durationMs: 0, facts: null },
        { ...about, payloads: [{ id: evidence, content }] },
      ),
    ]);
    return { id, call: evidence, tool, outcome };
  };
  return {
    turn: async (caller, calls) => {
      const results: CallResult[] = [];
      for (const request of calls) results.push(await one(caller, request));
      return results;
    },
    one: (caller, tool, args) => one(caller, { id: tool, tool, args }),
  };
}

async function answer(
  parts: StandIn,
  request: RequestedCall,
  { caller, evidence }: { caller: Caller; evidence: CallId },
): Promise<CallResult['outcome']> {
  const context = { caller, call: evidence, clock: parts.clock };
  if (request.tool === 'sessions_spawn' || request.tool === 'sessions_history') {
    const tool = request.tool === 'sessions_spawn' ? parts.spawn : historyTool(parts.fold);
    const parsed = tool.args.safeParse(request.args);
    if (!parsed.success) return { kind: 'refused', reason: 'invalid_arguments', text: 'invalid' };
    const result = await tool.perform(Object(parsed.data), context);
    return result.kind === 'ok'
      ? { kind: 'ok', value: result.value, text: result.text }
      : { kind: 'gap', reason: result.reason, text: result.detail };
  }
  if (request.tool === 'incident_escalate') {
    const body = { reason: 'agent_failed', missing: [] } as const;
    await parts.log.append([
      fact(
        'incident.escalated',
        { ...body, missing: [] },
        { actor: SYSTEM, traceId: 't', incident: caller.incident },
      ),
    ]);
  }
  if (request.tool === 'incident_resolve') {
    const body = { resolution: 'nothing_wrong', by: 'agent:coordinator' } as const;
    await parts.log.append([
      fact('incident.resolved', body, { actor: SYSTEM, traceId: 't', incident: caller.incident }),
    ]);
  }
  return (await parts.answers?.(request, caller)) ?? { kind: 'ok', value: { ok: true }, text: 'ok' };
}

const KEY = formatSessionKey({ kind: 'cli', id: 'test' });
if (KEY === undefined) throw new Error('not a key');
export const COORDINATOR = KEY;

/** Opens the incident and wakes its coordinator; resolves when nothing runs any more. */
export async function open(rig: Rig, wake: Wake = opened): Promise<void> {
  await rig.scheduler.open(INC, COORDINATOR, wake);
  await rig.scheduler.drain();
}

/** Lets the event loop turn until `done()`; fails when it never comes. */
export async function until(done: () => boolean): Promise<void> {
  for (let turn = 0; !done(); turn += 1) {
    if (turn > 10_000) throw new Error('never came');
    await nextTurn();
  }
}

export async function settled(rig: Rig) {
  const facts = await rig.facts();
  return facts.flatMap((one) => (one.kind === 'run.settled' ? [one.body] : []));
}
