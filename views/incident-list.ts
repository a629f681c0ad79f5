import { clip, inert } from '#core/inert.ts';
import { type ClosedIncident, type Incident, outcomeOf, titleOf } from '#incidents/incident.ts';
import type { Severity } from '#incidents/vocabulary.ts';
import type { Screen } from './incident-text.ts';
import { table, WIDTH } from './table.ts';
import { ago } from './time.ts';
import { plainReason } from './words.ts';

/** One incident in a list. */
export type IncidentRow = {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly outcome: string;
  readonly environment: string;
  readonly openedAt: number;
  readonly endedAt: number | null;
  readonly takenBy: string | null;
  readonly open: boolean;
};

/** The row of an incident, open or of long ago. */
export function incidentRow(incident: Incident | ClosedIncident): IncidentRow {
  const { id, severity, environment, openedAt, resolved } = incident;
  const open = 'alerts' in incident;
  return {
    id,
    title: clip(inert(open ? titleOf(incident) : incident.title), WIDTH),
    severity,
    outcome: plainReason(open ? outcomeOf(incident) : incident.resolved.resolution),
    environment: inert(environment),
    openedAt,
    endedAt: resolved?.at ?? null,
    takenBy: open ? incident.takenBy : null,
    open: resolved === null,
  };
}

/** A list of incidents for a terminal, open ones first, then the latest. */
export function renderIncidentList(rows: readonly IncidentRow[], { now, zone }: Screen): string[] {
  if (rows.length === 0) return ['no incidents'];
  const sorted = rows.toSorted((a, b) => Number(b.open) - Number(a.open) || b.openedAt - a.openedAt);
  const cells = sorted.map((row) => [
    row.id,
    row.outcome,
    row.severity,
    ago(row.openedAt, { now, zone }),
    row.takenBy ?? 'nobody',
    row.title,
  ]);
  return table(['incident', 'state', 'severity', 'opened', 'taken by', 'what'], cells);
}
