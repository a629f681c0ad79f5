import type { IncidentId } from '#core/ids.ts';
import type { IncidentFold } from '#incidents/incident-fold.ts';
import type { Invoke } from '#tools/call-result.ts';
import type { Jobs } from './jobs.ts';

export type OwnFindingsDeps = {
  readonly incidents: IncidentFold;
  readonly invoke: Pick<Invoke, 'one'>;
  readonly jobs: Jobs;
};

/** Gives an incident about Firebreak itself to people, once: no agent is ever woken for it. */
export function callPeople({ incidents, invoke, jobs }: OwnFindingsDeps, id: IncidentId): void {
  jobs.run(`people ${id}`, async () => {
    const incident = incidents.get(id);
    if (incident === undefined || incident.resolved !== null || incident.escalated !== null) return;
    const args = { reason: 'own_finding', missing: [] };
    await invoke.one({ kind: 'system', incident: id }, 'incident_escalate', args);
  });
}
