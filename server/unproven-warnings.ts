import { StopFold } from '#approvals/stop-fold.ts';
import type { Entry } from '#audit/log.ts';
import { readFact } from '#incidents/entry.ts';
import type { Incident } from '#incidents/incident.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import type { Folds } from './folds.ts';

/** A name further than this behind the proven ones was made up: it must not use up the numbers that are left. */
const PLAUSIBLE = 1_000_000;

/** What entries say that nothing proves, as far as it may count: only warnings and stops. */
export type Warnings = {
  /** Incidents that are open by them, as if their alerts fired and nobody had taken them. */
  readonly open: readonly Incident[];
  readonly off: boolean;
  /** Highest numbers that they name. */
  readonly incidents: number;
  readonly approvals: number;
};

/** Reads entries that follow those in the folds, which stay as they are. Throws if the reading does. */
export async function readWarnings(
  { incidents, approvals, stops }: Folds,
  unproven: AsyncIterable<Entry> | Iterable<Entry>,
): Promise<Warnings> {
  const [seen, stopped] = [new IncidentFold(), new StopFold()];
  seen.load(structuredClone(incidents.save()));
  stopped.load(stops.save());
  let [incidentNumber, approvalNumber] = [0, 0];
  for await (const entry of unproven) {
    const number = numberOf(entry.incidentId);
    if (number > incidents.opened + PLAUSIBLE) continue;
    incidentNumber = Math.max(incidentNumber, number);
    const fact = readFact(entry);
    const asked = fact?.kind === 'approval.requested' ? numberOf(fact.body.approval) : 0;
    if (asked <= approvals.requested + PLAUSIBLE) approvalNumber = Math.max(approvalNumber, asked);
    seen.apply(entry);
    stopped.apply(entry);
  }
  const open = seen
    .current()
    .filter(({ resolved }) => resolved === null)
    .map((one) => ({
      ...one,
      takenBy: null,
      alerts: one.alerts.map((alert) => ({ ...alert, cleared: false })),
    }));
  return { open, off: stopped.off, incidents: incidentNumber, approvals: approvalNumber };
}

/** 12 of `INC-12` or `A-12`. */
function numberOf(id: string | undefined): number {
  return Number(id?.split('-')[1] ?? 0);
}
