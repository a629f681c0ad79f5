import { z } from 'zod';
import { CallId, Digest, IncidentId, RunId, ServiceId, SessionKey } from '#core/ids.ts';
import { entryBodies } from '#incidents/entry.ts';
import { Brief, type DiagnosisReport, Report, type Wake, Wish } from '#incidents/reports.ts';
import { RequestedAction } from '#incidents/requested-action.ts';
import { AgentRole, SignalName } from '#incidents/vocabulary.ts';
import { MAX_COORDINATOR_RUNS, MAX_INTERRUPTIONS } from './agent-spec.ts';

const Millis = z.int().min(0);

export const RunOutcome = entryBodies['run.settled'].shape.outcome;
export type RunOutcome = z.infer<typeof RunOutcome>;

export const SessionRecord = z.strictObject({
  key: SessionKey,
  role: AgentRole,
  incident: IncidentId,
  parent: SessionKey.nullable(),
  allowlist: z.array(z.string()),
  limits: z.strictObject({ wallMs: z.int(), modelCalls: z.int(), toolCalls: z.int() }),
  brief: Brief.nullable(),
  prompt: Digest,
  /** Sequence number of its first entry; nothing of the session lies before it. */
  seq: z.int().min(0),
});
export type SessionRecord = z.infer<typeof SessionRecord>;

export const RunRecord = z.strictObject({
  run: RunId,
  session: SessionKey,
  role: AgentRole,
  startedAt: Millis,
  deadline: Millis,
  /** Null while it lasts. */
  settled: z
    .strictObject({
      at: Millis,
      outcome: RunOutcome,
      reason: z.string().nullable(),
      report: Report.nullable(),
    })
    .nullable(),
  /** The coordinator's transcript holds this run's completion. */
  told: z.boolean(),
});
export type RunRecord = z.infer<typeof RunRecord>;

export const CallRecord = z.strictObject({
  call: CallId,
  tool: z.string(),
  service: ServiceId.nullable(),
  signal: SignalName.nullable(),
  answered: z.boolean(),
  /** Where its whole answer lies. */
  content: z
    .strictObject({
      id: z.string(),
      segment: z.int(),
      at: z.int(),
      bytes: z.int(),
      sha256: Digest,
    })
    .nullable(),
});

/** What the log says about the conversations of one incident. Runs and sessions are in the order they began. */
export const IncidentSessions = z.strictObject({
  id: IncidentId,
  /** When it was opened, or opened again, or the later time that the page itself says: it cannot have begun after that. */
  openedAt: Millis,
  coordinator: SessionKey.nullable(),
  sessions: z.array(SessionRecord),
  runs: z.array(RunRecord),
  calls: z.array(CallRecord),
  resolvedAt: Millis.nullable(),
  /** People were asked: escalated, taken over, or a plan was put before them. */
  escalated: z.boolean(),
  taken: z.boolean(),
  asked: z.boolean(),
  /** People stopped the agents until they let them go on. */
  paused: z.boolean(),
  /** What people wish that the coordinator was not told of yet, in order. */
  wishes: z.array(Wish).max(50),
  /** How many questions the coordinator was asked. */
  questions: z.int().min(0),
  /** The changes that people asked for, told or not. */
  requests: z.array(RequestedAction).max(50),
});
export type IncidentSessions = z.infer<typeof IncidentSessions>;

export function sessionOf(incident: IncidentSessions, key: SessionKey): SessionRecord | undefined {
  return incident.sessions.find((session) => session.key === key);
}

export function liveChildren(incident: IncidentSessions): readonly RunRecord[] {
  return incident.runs.filter((run) => run.role !== 'coordinator' && run.settled === null);
}

/** Every sub-agent that the incident ever had. */
export function lifetimeChildren(incident: IncidentSessions): number {
  return incident.sessions.filter((session) => session.role !== 'coordinator').length;
}

/** Agents work only on an incident that is open and that no person has taken over or paused. */
export function isForAgents(incident: IncidentSessions): boolean {
  return incident.resolvedAt === null && !incident.taken && !incident.paused;
}

/** Whether these are the same wish, as far as anybody acts on it. */
export function isSameWish(one: Wish, other: Wake | null): boolean {
  if (one.kind === 'steered') return other?.kind === 'steered' && one.service === other.service;
  if (other?.kind !== 'requested') return false;
  return one.action.tool === other.action.tool && one.action.target === other.action.target;
}

/** Settled children that the coordinator was not told of yet, first settled first. */
export function owedCompletions(incident: IncidentSessions): readonly RunRecord[] {
  if (!isForAgents(incident) || incident.coordinator === null) return [];
  return incident.runs
    .filter((run) => run.role !== 'coordinator' && run.settled !== null && !run.told)
    .sort((a, b) => (a.settled?.at ?? 0) - (b.settled?.at ?? 0));
}

export function coordinatorRuns(incident: IncidentSessions): readonly RunRecord[] {
  return incident.runs.filter((run) => run.role === 'coordinator');
}

/** How many of the coordinator's last runs ended with the process that ran them. */
export function interruptions(incident: IncidentSessions): number {
  const outcomes = coordinatorRuns(incident).map((run) => run.settled?.outcome);
  return outcomes.length - 1 - outcomes.findLastIndex((outcome) => outcome !== 'interrupted');
}

/**
 * True when nothing will move this incident any more and nobody was asked: the coordinator broke down or fell silent
 * while no sub-agent is at work, no completion is on its way and no plan lies before people. It must then be escalated.
 */
export function needsPeople(incident: IncidentSessions): boolean {
  if (!isForAgents(incident) || incident.escalated) return false;
  const runs = coordinatorRuns(incident);
  if (runs.length >= MAX_COORDINATOR_RUNS) return true;
  if (liveChildren(incident).length > 0 || owedCompletions(incident).length > 0) return false;
  const last = runs.at(-1)?.settled;
  if (last === undefined || last === null) return false;
  if (last.outcome === 'interrupted') return interruptions(incident) >= MAX_INTERRUPTIONS;
  if (last.outcome === 'yielded') return !incident.asked;
  return last.outcome !== 'cancelled';
}

/** What the last diagnosis of an incident found; null before the first one. */
export function lastDiagnosis({ runs }: Pick<IncidentSessions, 'runs'>): DiagnosisReport | null {
  const last = runs.findLast(({ settled }) => settled?.report?.role === 'diagnosis')?.settled?.report;
  return last?.role === 'diagnosis' ? last : null;
}
