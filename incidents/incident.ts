import type { Digest, IncidentId, PersonId, ServiceId, SessionKey } from '#core/ids.ts';
import type { Notice } from './notices.ts';
import type { LastPast } from './observations-history.ts';
import { isOwnFinding } from './own-finding.ts';
import type { DiagnosisReport, MonitorReport } from './reports.ts';
import type { Cause, EscalationReason, Mode, Resolution, Severity } from './vocabulary.ts';

/**
 * States of an incident, each derived from facts:
 * - open: `incident.opened`; nobody has looked yet.
 * - investigating: an agent was spawned.
 * - identified: a diagnosis named a cause (`likely` or `confirmed`).
 * - mitigating: a change was started (intent in the log).
 * - monitoring: the change finished; the signal is being watched.
 * - resolved: `incident.resolved`; re-opens when the same alert comes back within 30 minutes.
 * Escalated and taken are facts beside the state: people own it, whatever the state.
 */
export type IncidentState =
  | 'open'
  | 'investigating'
  | 'identified'
  | 'mitigating'
  | 'monitoring'
  | 'resolved';

export type IncidentAlert = {
  fingerprint: Digest;
  name: string;
  /** Null when the config has no such service. */
  service: ServiceId | null;
  severity: Severity;
  source: string;
  startsAt: number;
  cleared: boolean;
  /** Why it belongs to this incident: the last decision about it, a closed word. */
  reason: string;
  /** The sender's page, where it can be spoken about. */
  page?: string;
  /** Who has acknowledged that page, as the sender names them. */
  seenBy?: string;
};

/** What one sub-agent was sent to look at, and what came back; null while it looks, or when it said nothing. */
export type Look = {
  session: SessionKey;
  service: ServiceId | null;
  report: MonitorReport | DiagnosisReport | null;
};

/** So many turns were answered by another than the first choice; the last of them by whom, and why (a closed word). */
export type ModelFallback = { turns: number; mode: 'rules' | 'model'; model: string; why: string };

/** Where an incident is talked about: ids of the surface, its thread by the time stamp of the first message. */
export type Thread = { team: string; channel: string; thread: string };

/** What a person says the cause was; `cause` null: they do not know, but not what was named. */
export type Verdict = {
  by: PersonId;
  right: boolean;
  cause: Cause | null;
  service: ServiceId | null;
  at: number;
  /** A person wanted everything read anew since: what comes of that is not what this is about. */
  readAnew: boolean;
};

/** One change that was started, in order; an undo is `undo:TOOL`. */
export type IncidentAction = string;

export type Incident = {
  id: IncidentId;
  state: IncidentState;
  openedAt: number;
  group: string;
  service: ServiceId | null;
  environment: string;
  owner: string;
  severity: Severity;
  mode: Mode;
  alerts: IncidentAlert[];
  takenBy: PersonId | null;
  /** The first person who said that they have seen it, since people were last asked. */
  acknowledgedBy: PersonId | null;
  /** Who stopped the agents, until it goes on. */
  paused: { by: PersonId; at: number } | null;
  /** Offered and not accepted yet; `to` null: to whoever accepts it. */
  handover: { by: PersonId; to: PersonId | null; at: number } | null;
  verdict: Verdict | null;
  /** All of it goes on there; this one is resolved as its duplicate. */
  mergedInto: IncidentId | null;
  thread: Thread | null;
  /** How many notes it has. */
  notes: number;
  escalated: { reason: EscalationReason; missing: readonly string[]; at: number } | null;
  resolved: { resolution: Resolution; by: string; at: number } | null;
  /** The last look at the service of the page. */
  monitor: MonitorReport | null;
  diagnosis: DiagnosisReport | null;
  /** All looks of this round, also at other services. */
  looks: Look[];
  /** What people asked for themselves, in order. */
  requests: { by: PersonId; tool: string; target: string }[];
  actions: IncidentAction[];
  /** The newest earlier incident of the service whose history was looked at. */
  before: LastPast | null;
  /** What the paging system was told, or could not be. */
  notices: Notice[];
  verified: boolean;
  /** Number of the last evidence id that was given out. */
  calls: number;
  /** Turns by who answered; what was spent, with what is reserved; and the last turn that was not answered by the first choice. */
  models: { rules: number; model: number; usdMicros: number; fallback: ModelFallback | null };
  /** Log positions of the first and last entry. */
  firstSeq: number;
  lastSeq: number;
  trace: string;
};

/** What is kept of an incident that was resolved long ago. */
export type ClosedIncident = Pick<
  Incident,
  | 'id'
  | 'openedAt'
  | 'service'
  | 'environment'
  | 'severity'
  | 'actions'
  | 'verified'
  | 'firstSeq'
  | 'lastSeq'
  | 'thread'
> & {
  title: string;
  resolved: { resolution: Resolution; by: string; at: number };
};

/** One line: what is wrong, as the page said it. */
export function titleOf(incident: Pick<Incident, 'alerts' | 'service'>): string {
  const alert = incident.alerts[0];
  if (alert !== undefined && isOwnFinding(incident)) return alert.name;
  return `${alert?.name ?? 'unnamed alert'} ${incident.service ?? '(service not in the config)'}`;
}

/** One word for how it stands: the resolution, or `escalated` / `denied` while people own it, else the state. */
export function outcomeOf(incident: Pick<Incident, 'resolved' | 'escalated' | 'state'>): string {
  if (incident.resolved) return incident.resolved.resolution;
  if (incident.escalated) return incident.escalated.reason === 'denied' ? 'denied' : 'escalated';
  return incident.state;
}

/** The top cause, when a diagnosis stands behind one. */
export function causeOf(
  incident: Pick<Incident, 'diagnosis'>,
): { cause: string; service: ServiceId; confidence: number } | null {
  const report = incident.diagnosis;
  if (report === null || (report.outcome !== 'likely' && report.outcome !== 'confirmed')) return null;
  const top = report.hypotheses[0];
  return top === undefined ? null : { cause: top.cause, service: top.service, confidence: top.confidence };
}
