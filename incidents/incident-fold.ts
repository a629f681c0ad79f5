import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry } from '#audit/log.ts';
import { type IncidentId, ServiceId } from '#core/ids.ts';
import { type BodyOf, type Fact, readFact } from './entry.ts';
import { type ClosedIncident, type Incident, titleOf } from './incident.ts';
import { beginLook, endLook, lookBack } from './looks.ts';
import { foldNotice } from './notices.ts';
import { stepOwnership, unsee } from './ownership.ts';
import { isChange } from './requested-action.ts';
import { type Severity, worse } from './vocabulary.ts';

/** How long a resolved incident keeps its details, so that the same alert can re-open it. */
export const REOPEN_MS = 30 * 60_000;

const SavedState = z.object({
  opened: z.int(),
  open: z.array(z.custom<Incident>()),
  closed: z.array(z.custom<ClosedIncident>()),
  unknownKinds: z.int(),
});

/**
 * All incidents, folded from the log. Details are kept while an incident is open and for 30 minutes of log time after;
 * then a summary is. An entry that this reader does not know is counted: from then on nothing may be claimed.
 */
export class IncidentFold implements Fold {
  readonly name = 'incidents';
  readonly version = 9;
  /** Incidents ever opened. */
  opened = 0;
  unknownKinds = 0;
  #open = new Map<IncidentId, Incident>();
  #closed = new Map<IncidentId, ClosedIncident>();

  get(id: IncidentId): Incident | undefined {
    return this.#open.get(id);
  }
  /** Oldest first: the open ones and those resolved within the last half hour. */
  current(): readonly Incident[] {
    return [...this.#open.values()];
  }
  closed(): readonly ClosedIncident[] {
    return [...this.#closed.values()];
  }

  apply(entry: Entry): void {
    const fact = readFact(entry);
    if (fact === undefined) this.unknownKinds += 1;
    else if (fact.kind === 'incident.opened') this.#openIncident(fact.body, entry);
    else if (fact.kind === 'log.carried') this.opened = Math.max(this.opened, fact.body.incidents);
    else if (entry.incidentId !== undefined) this.#applyToOpen(fact, entry.incidentId);
    if (entry.kind === 'incident.opened' || entry.kind === 'server.started') this.#retire(entry.ts);
  }

  #openIncident(body: BodyOf<'incident.opened'>, entry: Entry): void {
    if (entry.incidentId === undefined) return;
    this.opened += 1;
    this.#open.set(entry.incidentId, {
      id: entry.incidentId,
      state: 'open',
      openedAt: entry.ts,
      group: body.group,
      service: body.service,
      environment: body.environment,
      owner: body.owner,
      severity: body.severity,
      mode: body.mode,
      alerts: [{ ...alertOf(body), service: body.service }],
      takenBy: null,
      acknowledgedBy: null,
      paused: null,
      handover: null,
      verdict: null,
      mergedInto: null,
      thread: null,
      notes: 0,
      escalated: null,
      resolved: null,
      monitor: null,
      diagnosis: null,
      looks: [],
      requests: [],
      actions: [],
      before: null,
      notices: [],
      verified: false,
      calls: 0,
      models: { rules: 0, model: 0, usdMicros: 0, fallback: null },
      firstSeq: entry.seq,
      lastSeq: entry.seq,
      trace: entry.traceId,
    });
  }

  #applyToOpen(fact: Fact, id: IncidentId): void {
    const incident = this.#open.get(id);
    const closed = this.#closed.get(id);
    // What people say of it long after still belongs to it.
    if (closed !== undefined) this.#closed.set(id, { ...closed, lastSeq: fact.entry.seq });
    if (incident === undefined) return;
    incident.lastSeq = fact.entry.seq;
    foldNotice(incident.notices, fact);
    step(incident, fact);
  }

  #retire(now: number): void {
    for (const incident of this.#open.values()) {
      if (incident.resolved === null || now - incident.resolved.at < REOPEN_MS) continue;
      const { id, openedAt, service, environment, severity, actions, verified, thread } = incident;
      const { firstSeq, lastSeq, resolved } = incident;
      const seqs = { firstSeq, lastSeq, resolved, thread, title: titleOf(incident) };
      this.#closed.set(id, {
        ...{ id, openedAt, service, environment, severity, actions, verified },
        ...seqs,
      });
      this.#open.delete(id);
    }
  }

  save(): unknown {
    return {
      opened: this.opened,
      open: [...this.#open.values()],
      closed: [...this.#closed.values()],
      unknownKinds: this.unknownKinds,
    };
  }
  load(state: unknown): void {
    const saved = SavedState.parse(state);
    this.opened = saved.opened;
    this.unknownKinds = saved.unknownKinds;
    this.#open = new Map(saved.open.map((incident) => [incident.id, incident]));
    this.#closed = new Map(saved.closed.map((incident) => [incident.id, incident]));
  }
  reset(): void {
    this.load({ opened: 0, open: [], closed: [], unknownKinds: 0 });
  }
}

function alertOf({ alert, reason }: BodyOf<'alert.joined'>): Incident['alerts'][number] {
  const { fingerprint, name, severity, source, startsAt, page, seenBy } = alert;
  const named = ServiceId.safeParse(alert.service?.trim().toLowerCase());
  const service = named.success ? named.data : null;
  const known = { fingerprint, name, service, severity, source, startsAt, cleared: false, reason };
  return { ...known, ...(page !== undefined && { page }), ...(seenBy !== undefined && { seenBy }) };
}

/** The same alert fires again; the sender may have made a new page of it. */
function again(known: Incident['alerts'][number], { alert, reason }: BodyOf<'alert.joined'>): void {
  const { page, seenBy } = alert;
  known.cleared = false;
  known.reason = reason;
  if (page !== undefined) known.page = page;
  if (seenBy === undefined) delete known.seenBy;
  else known.seenBy = seenBy;
}

/** What has become critical was not seen by whoever saw it before. */
function rise(incident: Incident, severity: Severity): void {
  const before = incident.severity;
  incident.severity = worse(before, severity);
  if (incident.severity === 'critical' && before !== 'critical') unsee(incident);
}

function alertIn({ alerts }: Incident, fingerprint: string): Incident['alerts'][number] | undefined {
  return alerts.find((alert) => alert.fingerprint === fingerprint);
}

/** One fact of one incident; facts that change nothing here fall through. */
function step(incident: Incident, fact: Fact): void {
  switch (fact.kind) {
    case 'alert.joined': {
      rise(incident, fact.body.alert.severity);
      const known = alertIn(incident, fact.body.alert.fingerprint);
      if (known) again(known, fact.body);
      else incident.alerts.push(alertOf(fact.body));
      return;
    }
    case 'alert.suppressed': {
      const { alert, reason } = fact.body;
      rise(incident, alert.severity);
      const known = alertIn(incident, alert.fingerprint);
      if (known !== undefined && reason === 'flapping') known.reason = reason;
      // It is no news, but it may have become worse, or somebody may have seen the page.
      if (known !== undefined && alert.seenBy !== undefined) known.seenBy = alert.seenBy;
      return;
    }
    case 'alert.cleared':
      for (const alert of incident.alerts)
        if (alert.fingerprint === fact.body.fingerprint) alert.cleared = true;
      return;
    case 'session.spawned':
      beginLook(incident, fact.body);
      if (incident.state === 'open') incident.state = 'investigating';
      return;
    case 'turn.replied':
      return countTurn(incident.models, fact.body);
    case 'spend.reserved':
      incident.models.usdMicros += fact.body.usdMicros;
      return;
    case 'model.attempted':
      incident.models.usdMicros += fact.body.usdMicros - fact.body.reservedUsdMicros;
      return;
    case 'run.settled':
      return endLook(incident, fact.body);
    case 'tool.intended':
      return intendTool(incident, fact.body);
    case 'tool.refused':
      if (fact.body.call !== null) countCall(incident, fact.body.call);
      return;
    case 'tool.finished':
      lookBack(incident, fact.body);
      if (incident.state === 'mitigating' && fact.body.outcome === 'ok' && isChange(fact.body.tool))
        incident.state = 'monitoring';
      return;
    case 'action.in_effect':
      // It repaired nothing: how far the incident is stays what it was.
      incident.state = incident.diagnosis === null ? 'investigating' : 'identified';
      return;
    case 'action.verified':
      incident.verified = true;
      return;
    default:
      stepOwnership(incident, fact);
  }
}

function countTurn(models: Incident['models'], { mode, model, why }: BodyOf<'turn.replied'>): void {
  models[mode] += 1;
  if (why === null) return;
  const earlier = models.fallback;
  // A paused model fails for the reason for which it was paused.
  const cause = why === 'breaker_open' ? (earlier?.why ?? why) : why;
  models.fallback = { turns: (earlier?.turns ?? 0) + 1, mode, model, why: cause };
}

function intendTool(incident: Incident, body: BodyOf<'tool.intended'>): void {
  countCall(incident, body.call);
  if (body.approval === null || (body.phase !== 'run' && body.phase !== 'undo')) return;
  incident.actions.push(body.phase === 'undo' ? `undo:${body.tool}` : body.tool);
  incident.state = 'mitigating';
}

function countCall(incident: Incident, call: string): void {
  incident.calls = Math.max(incident.calls, Number(call.slice(1)));
}
