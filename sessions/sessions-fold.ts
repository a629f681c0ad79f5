import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry, PayloadRef } from '#audit/log.ts';
import type { CallId, IncidentId } from '#core/ids.ts';
import { type BodyOf, type Fact, readFact } from '#incidents/entry.ts';
import { ServiceRef, serviceOf, serviceRef } from '#incidents/refs.ts';
import type { Wish } from '#incidents/reports.ts';
import { RequestedAction } from '#incidents/requested-action.ts';
import { SignalName } from '#incidents/vocabulary.ts';
import type { EvidenceCall } from './agent-spec.ts';
import { IncidentSessions, isSameWish } from './session-state.ts';

/** Sessions of a resolved incident are forgotten after this much log time (it may re-open until then). */
export const KEEP_RESOLVED_MS = 30 * 60_000;

/** What was forgotten, as counts. */
export type Dropped = { incidents: number; sessions: number; runs: number };

export type SessionsFold = Fold & {
  incident(id: IncidentId): Readonly<IncidentSessions> | undefined;
  incidents(): Iterable<Readonly<IncidentSessions>>;
  /** Answered reads of an incident: what its claims may cite. */
  evidence(id: IncidentId): readonly EvidenceCall[];
  /** Where the whole answer of a call lies. */
  content(id: IncidentId, call: CallId): PayloadRef | undefined;
  dropped(): Readonly<Dropped>;
};

const KINDS: ReadonlySet<string> = new Set([
  'incident.opened',
  'incident.resolved',
  'incident.reopened',
  'incident.escalated',
  'incident.taken',
  'incident.paused',
  'incident.steered',
  'handover.accepted',
  'change.requested',
  'approval.requested',
  'session.spawned',
  'run.started',
  'run.settled',
  'tool.intended',
  'tool.finished',
]);

const Saved = z.strictObject({
  incidents: z.array(IncidentSessions),
  dropped: z.strictObject({ incidents: z.int(), sessions: z.int(), runs: z.int() }),
});

type State = {
  incidents: Map<IncidentId, IncidentSessions>;
  /** Resolved incidents, first resolved first. */
  resolved: Map<IncidentId, number>;
  dropped: Dropped;
};

const empty = (): State => ({
  incidents: new Map(),
  resolved: new Map(),
  dropped: { incidents: 0, sessions: 0, runs: 0 },
});

/**
 * Sessions and runs as the log tells them.
 *
 * A run is `started` and then `settled`, once; settled is final. While it lasts it has a deadline. A settled child is
 * `told` when a coordinator's run has begun with its completion; that beginning is the delivery, so there is no queue
 * of messages that could get lost or doubled.
 */
export function createSessionsFold(): SessionsFold {
  let state = empty();
  return {
    name: 'sessions',
    version: 5,
    apply: (entry) => {
      forgetOld(state, entry.ts);
      if (!KINDS.has(entry.kind)) return;
      const fact = readFact(entry);
      if (fact !== undefined && entry.incidentId !== undefined) applyFact(state, fact, entry.incidentId);
    },
    save: () => ({ incidents: [...state.incidents.values()], dropped: state.dropped }),
    load: (saved) => {
      state = restore(Saved.parse(saved));
    },
    reset: () => {
      state = empty();
    },
    incident: (id) => state.incidents.get(id),
    incidents: () => state.incidents.values(),
    evidence: (id) =>
      state.incidents.get(id)?.calls.filter((call) => call.answered && call.service !== null) ?? [],
    content: (id, call) =>
      state.incidents.get(id)?.calls.find((one) => one.call === call)?.content ?? undefined,
    dropped: () => state.dropped,
  };
}

function restore(saved: z.infer<typeof Saved>): State {
  const state: State = { ...empty(), dropped: saved.dropped };
  for (const incident of saved.incidents) state.incidents.set(incident.id, incident);
  const resolved = saved.incidents.flatMap(({ id, resolvedAt }) =>
    resolvedAt === null ? [] : [{ id, resolvedAt }],
  );
  resolved.sort((a, b) => a.resolvedAt - b.resolvedAt);
  for (const { id, resolvedAt } of resolved) state.resolved.set(id, resolvedAt);
  return state;
}

/** Log time only moves forward, so the first of the resolved is the oldest. One with a live run stays until it settles. */
function forgetOld(state: State, now: number): void {
  for (const [id, resolvedAt] of state.resolved) {
    if (now - resolvedAt <= KEEP_RESOLVED_MS) return;
    const incident = state.incidents.get(id);
    if (incident?.runs.some((run) => run.settled === null)) continue;
    state.dropped.incidents += 1;
    state.dropped.sessions += incident?.sessions.length ?? 0;
    state.dropped.runs += incident?.runs.length ?? 0;
    state.incidents.delete(id);
    state.resolved.delete(id);
  }
}

function opened(state: State, id: IncidentId, openedAt: number): IncidentSessions {
  const known = state.incidents.get(id);
  if (known !== undefined) return known;
  const incident: IncidentSessions = {
    id,
    openedAt,
    coordinator: null,
    sessions: [],
    runs: [],
    calls: [],
    resolvedAt: null,
    escalated: false,
    taken: false,
    asked: false,
    paused: false,
    wishes: [],
    requests: [],
    questions: 0,
  };
  state.incidents.set(id, incident);
  return incident;
}

function applyFact(state: State, fact: Fact, id: IncidentId): void {
  if (fact.kind === 'incident.opened' || fact.kind === 'session.spawned') {
    const incident = opened(state, id, fact.entry.ts);
    if (fact.kind === 'session.spawned') spawned(incident, fact.body, fact.entry);
    return;
  }
  const incident = state.incidents.get(id);
  if (incident === undefined) return;
  if (fact.kind === 'run.started') started(incident, fact.body, fact.entry);
  if (fact.kind === 'run.settled') settled(incident, fact.body, fact.entry);
  if (fact.kind === 'tool.intended') intended(incident, fact.body);
  if (fact.kind === 'tool.finished') finished(incident, fact.body, fact.entry);
  if (fact.kind === 'incident.escalated') incident.escalated = true;
  if (fact.kind === 'incident.taken' || fact.kind === 'handover.accepted') incident.taken = true;
  if (fact.kind === 'incident.paused') incident.paused = fact.body.on;
  wished(incident, fact);
  if (fact.kind === 'approval.requested') incident.asked = true;
  if (fact.kind === 'incident.resolved') {
    incident.resolvedAt = fact.entry.ts;
    state.resolved.set(id, fact.entry.ts);
  }
  if (fact.kind === 'incident.reopened') {
    state.resolved.delete(id);
    const people = { escalated: false, taken: false, asked: false, paused: false };
    const agents = { wishes: [], requests: [], resolvedAt: null, openedAt: fact.entry.ts };
    Object.assign(incident, { ...people, ...agents });
  }
}

/** So many at most wait; a person who goes on wishing is heard when some of them were told. */
const MOST_WISHES = 50;

function wished(incident: IncidentSessions, fact: Fact): void {
  const wish = wishOf(fact);
  if (wish === null || incident.wishes.length >= MOST_WISHES) return;
  if (!incident.wishes.some((known) => isSameWish(known, wish))) incident.wishes.push(wish);
  if (wish.kind === 'requested' && incident.requests.length < MOST_WISHES)
    incident.requests.push(wish.action);
}

function wishOf(fact: Fact): Wish | null {
  if (fact.kind === 'incident.steered') return { kind: 'steered', service: serviceRef(fact.body.service) };
  if (fact.kind !== 'change.requested') return null;
  const action = RequestedAction.safeParse({ tool: fact.body.tool, target: fact.body.target });
  return action.success ? { kind: 'requested', action: action.data } : null;
}

function spawned(incident: IncidentSessions, body: BodyOf<'session.spawned'>, entry: Entry): void {
  const { session, ...rest } = body;
  incident.sessions.push({ key: session, incident: incident.id, seq: entry.seq, ...rest });
  if (body.role === 'coordinator') incident.coordinator = session;
}

function started(incident: IncidentSessions, body: BodyOf<'run.started'>, entry: Entry): void {
  const { run, session, role, deadline } = body;
  incident.runs.push({ run, session, role, startedAt: entry.ts, deadline, settled: null, told: false });
  // A paging system's clock may be ahead; what it said was told to the coordinator by code.
  if (body.wake?.kind === 'opened') incident.openedAt = Math.max(incident.openedAt, body.wake.startedAt);
  const child = body.wake?.kind === 'child_settled' ? body.wake.child : undefined;
  const told = incident.runs.find((candidate) => candidate.run === child);
  if (told !== undefined) told.told = true;
  if (body.wake?.kind === 'asked') incident.questions += 1;
  incident.wishes = incident.wishes.filter((wish) => !isSameWish(wish, body.wake));
}

function settled(incident: IncidentSessions, body: BodyOf<'run.settled'>, entry: Entry): void {
  const run = incident.runs.find((candidate) => candidate.run === body.run);
  if (run === undefined || run.settled !== null) return;
  run.settled = { at: entry.ts, outcome: body.outcome, reason: body.reason, report: body.report };
}

/** Only plain reads and notes are evidence: dry runs, undos and verification samples are not cited. */
function intended(incident: IncidentSessions, body: BodyOf<'tool.intended'>): void {
  if (body.phase !== 'run') return;
  const service = ServiceRef.safeParse(body.args.system ?? body.args.service);
  const signal = SignalName.safeParse(body.args.signal);
  incident.calls.push({
    call: body.call,
    tool: body.tool,
    service: service.success ? serviceOf(service.data) : null,
    signal: signal.success ? signal.data : null,
    answered: false,
    content: null,
  });
}

function finished(incident: IncidentSessions, body: BodyOf<'tool.finished'>, entry: Entry): void {
  const { call, outcome } = body;
  const record = incident.calls.find((candidate) => candidate.call === call);
  if (record === undefined) return;
  record.answered = outcome === 'ok';
  record.content = entry.payloads[0] ?? null;
}
