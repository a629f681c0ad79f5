import { z } from 'zod';
import type { Log } from '#audit/log.ts';
import { sha256 } from '#core/hash.ts';
import type { Caller } from '#incidents/caller.ts';
import { type FactContext, fact, incidentStream } from '#incidents/entry.ts';
import type { Incident } from '#incidents/incident.ts';
import type { IncidentFold } from '#incidents/incident-fold.ts';
import { isSeenHealthy } from '#incidents/looks.ts';
import { EscalationReason, Resolution } from '#incidents/vocabulary.ts';
import type { NoteTool, ToolResult } from '../tool.ts';

export type NoteDeps = { readonly log: Log; readonly incidents: IncidentFold };

const DEADLINE_MS = 5_000;

/** The notes about an incident: their effect is an entry of the log. */
export function createNoteTools(deps: NoteDeps): readonly NoteTool[] {
  return [noteTool(deps), escalateTool(deps), resolveTool(deps)];
}

function noteTool({ log }: NoteDeps): NoteTool<{ text: string }> {
  return {
    kind: 'note',
    name: 'incident_note',
    version: 1,
    tier: 'R1',
    description: 'Adds a note for people to the incident. Changes nothing else.',
    args: z.strictObject({ text: z.string().min(1).max(1000) }),
    deadlineMs: DEADLINE_MS,
    record: ({ text }) => ({ chars: text.length, sha256: sha256(text) }),
    perform: async ({ text }, { caller, call }) => {
      const payloads = [{ id: `${call}-note`, content: Buffer.from(text) }];
      await log.append([
        fact('incident.noted', { by: byOf(caller), chars: text.length }, { ...contextOf(caller), payloads }),
      ]);
      return done('noted');
    },
  };
}

function escalateTool({
  log,
  incidents,
}: NoteDeps): NoteTool<{ reason: EscalationReason; missing: string[] }> {
  return {
    kind: 'note',
    name: 'incident_escalate',
    version: 1,
    tier: 'R1',
    description: 'Hands the incident to people, saying why and what could not be seen.',
    args: z.strictObject({
      reason: EscalationReason,
      missing: z.array(z.string().regex(/^[a-z][a-z0-9_:. -]{0,59}$/)).max(12),
    }),
    deadlineMs: DEADLINE_MS,
    perform: async ({ reason, missing }, { caller }) => {
      const incident = incidents.get(caller.incident);
      if (incident === undefined || incident.resolved !== null) return refused('the incident is closed');
      if (incident.escalated !== null) return done('people have it already');
      await log.append([fact('incident.escalated', { reason, missing }, contextOf(caller))]);
      return done('escalated');
    },
  };
}

function resolveTool({ log, incidents }: NoteDeps): NoteTool<{ resolution: Resolution }> {
  return {
    kind: 'note',
    name: 'incident_resolve',
    version: 1,
    tier: 'R1',
    description:
      'Closes the incident. An agent may only say nothing_wrong, and only when the monitor saw the signal inside its band.',
    args: z.strictObject({ resolution: Resolution }),
    deadlineMs: DEADLINE_MS,
    perform: async ({ resolution }, { caller }) => {
      for (;;) {
        const incident = incidents.get(caller.incident);
        if (incident === undefined || incident.resolved !== null) return refused('the incident is closed');
        const why = mayResolve(caller, incident, resolution);
        if (why !== undefined) return refused(why);
        const stream = incidentStream(incident.id);
        const draft = fact('incident.resolved', { resolution, by: byOf(caller) }, contextOf(caller));
        const appended = await log.append([draft], { expect: { [stream]: log.version(stream) } });
        if (appended.kind === 'appended') return done(resolution);
      }
    },
  };
}

/** Why not; undefined when it may. Code, not a model, decides what counts as resolved. */
function mayResolve(caller: Caller, incident: Incident, resolution: Resolution): string | undefined {
  if (caller.kind === 'person')
    return resolution === 'recovered' ? 'recovered is for verified repairs; say by_hand' : undefined;
  if (resolution === 'nothing_wrong')
    return isSeenHealthy(incident) ? undefined : 'nobody saw the signal inside its band';
  if (caller.kind === 'agent') return 'only nothing_wrong';
  const cleared = incident.alerts.every((alert) => alert.cleared);
  return incident.verified || cleared ? undefined : 'neither verified nor cleared';
}

function done(text: string): ToolResult {
  return { kind: 'ok', value: { done: text }, text };
}

function refused(detail: string): ToolResult {
  return { kind: 'gap', reason: 'refused', detail };
}

function byOf(caller: Caller): string {
  return caller.kind === 'agent'
    ? `agent:${caller.role}`
    : caller.kind === 'person'
      ? caller.id
      : 'firebreak';
}

function contextOf(caller: Caller): FactContext {
  const streams = [incidentStream(caller.incident)];
  const { incident } = caller;
  if (caller.kind === 'agent')
    return {
      actor: { kind: 'agent', id: caller.role },
      traceId: caller.run,
      incident,
      session: caller.session,
      streams,
    };
  if (caller.kind === 'person')
    return {
      actor: { kind: 'person', id: caller.id },
      traceId: caller.trace ?? incident,
      incident,
      streams,
    };
  return { actor: { kind: 'system', id: 'firebreak' }, traceId: incident, incident, streams };
}
