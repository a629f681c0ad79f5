import type { Clock } from '#core/clock.ts';
import type { Alert } from '#incidents/alert.ts';
import { type AlertHistory, type AlertPast, isFlapping } from '#incidents/alert-history.ts';
import type { IncidentFold } from '#incidents/incident-fold.ts';
import type { MaintenanceFold } from '#incidents/maintenance-fold.ts';
import { NOTHING_QUIET, type QuietRules, quietNow } from '#incidents/quiet.ts';
import { deliveryOf, type OnAlert } from '#intake/delivery.ts';
import type { Jobs } from './jobs.ts';

export type HeldPagesDeps = {
  readonly clock: Clock;
  readonly history: AlertHistory;
  readonly incidents: IncidentFold;
  readonly maintenance: MaintenanceFold;
  readonly quiet?: QuietRules;
  readonly jobs: Jobs;
  readonly onAlert: OnAlert;
};

/** What nobody has to look at twice a second. */
const EVERY_MS = 1000;

/**
 * Hands over again what was held back, as soon as nothing holds it: a page that still fires when its maintenance or
 * silence ends, and the last word of an alert that flapped and is calm now. What is held is in the log, so a restart
 * loses none; a delivery that could not be recorded is made again. `tick` is cheap.
 */
export function createHeldPages(deps: HeldPagesDeps): { tick(): void } {
  const { clock, jobs, onAlert } = deps;
  let dueAt = 0;
  let busy = false;
  const handOver = async (alerts: readonly Alert[]): Promise<void> => {
    const bySource = Map.groupBy(alerts, ({ source }) => source);
    for (const [source, ofSource] of bySource)
      await onAlert(deliveryOf('held', { source, alerts: ofSource, receivedAt: clock.now() }));
  };
  return {
    tick: () => {
      if (busy || clock.mono() < dueAt) return;
      dueAt = clock.mono() + EVERY_MS;
      const due = dueNow(deps);
      if (due.length === 0) return;
      busy = true;
      const done = () => {
        busy = false;
      };
      jobs.run('held pages', () => handOver(due).finally(done));
    },
  };
}

function dueNow({ clock, history, incidents, maintenance, quiet = NOTHING_QUIET }: HeldPagesDeps): Alert[] {
  const now = clock.now();
  const added = maintenance.all();
  const free = history.held().filter(({ alert, held }) => {
    const service = held?.service ?? null;
    return quietNow({ rules: quiet, added, alert, service, now }) === null;
  });
  const calm = history.unsettled().filter((past) => !isFlapping(past, now) && isNews(past, incidents));
  // The words of the page lie with its first delivery.
  return [...free, ...calm].map(({ alert }) => ({ ...alert, summary: '' }));
}

/** Whether an incident, or the lack of one, differs from what the sender said last. */
function isNews({ alert }: AlertPast, incidents: IncidentFold): boolean {
  const fires = incidents
    .current()
    .some(
      (incident) =>
        incident.resolved === null &&
        incident.alerts.some(({ fingerprint, cleared }) => fingerprint === alert.fingerprint && !cleared),
    );
  return fires !== (alert.status === 'firing');
}
