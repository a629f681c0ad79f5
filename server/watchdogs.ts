import type { EntryDraft } from '#audit/log.ts';
import type { Clock } from '#core/clock.ts';
import { clip } from '#core/inert.ts';
import type { Alert } from '#incidents/alert.ts';
import { fingerprintOf } from '#incidents/alert.ts';
import { fact } from '#incidents/entry.ts';
import type { IncidentFold } from '#incidents/incident-fold.ts';
import type { WatchdogFold } from '#incidents/watchdog-fold.ts';
import { type Delivery, deliveryOf, handOver, type OnAlert } from '#intake/delivery.ts';
import { WATCH_SOURCE } from '#intake/watch.ts';
import type { Watchdog } from './config-duty.ts';
import type { Jobs } from './jobs.ts';

/** A delivery without the alerts that only show that their source lives, and the facts that they are. */
export function splitWatchdogs(
  delivery: Delivery,
  watchdogs: readonly Watchdog[],
): { delivery: Delivery; seen: EntryDraft[] } {
  const { source, key } = delivery;
  const own = watchdogs.filter((one) => one.source === source);
  const isWatchdog = ({ name }: Alert): boolean => own.some(({ alert }) => alert === name);
  const alerts = delivery.alerts.filter((alert) => !isWatchdog(alert));
  const lives = delivery.alerts.some((alert) => isWatchdog(alert) && alert.status === 'firing');
  const context = { actor: { kind: 'source', id: source } as const, traceId: key.slice(0, 16) };
  return {
    delivery: { ...delivery, alerts },
    seen: lives ? [fact('watchdog.seen', { source }, context)] : [],
  };
}

export type WatchdogsDeps = {
  readonly watchdogs: readonly Watchdog[];
  readonly fold: WatchdogFold;
  readonly incidents: IncidentFold;
  readonly clock: Clock;
  /** When this server started, ms since 1970. */
  readonly startedAt: number;
  readonly jobs: Jobs;
  readonly onAlert: OnAlert;
};

/** What was told and is not so yet is told again after this. */
const RETELL_MS = 10 * 60_000;

/**
 * Looks whether each alert that must keep coming still does. quiet -> its silence lasts longer than allowed: an alert of
 * our own fires -> it comes again: that alert clears. Time in which the server did not run does not count. What was told
 * is in the log, so a start repeats nothing. `tick` is cheap.
 */
export function createWatchdogs(deps: WatchdogsDeps): { tick(): void } {
  const { clock, jobs, onAlert } = deps;
  const told = new Map<string, { status: Alert['status']; at: number }>();
  return {
    tick: () => {
      for (const watchdog of deps.watchdogs) {
        const { source } = watchdog;
        const status = toTell(watchdog, deps);
        const last = told.get(source);
        if (status === null || (last?.status === status && clock.mono() - last.at < RETELL_MS)) continue;
        told.set(source, { status, at: clock.mono() });
        const alerts = [{ ...silenceAlert(watchdog, clock.now()), status }];
        const delivery = deliveryOf('watch', { source: WATCH_SOURCE, alerts, receivedAt: clock.now() });
        jobs.run(`watchdog ${source}`, async () => {
          const answer = await handOver(onAlert, delivery);
          if (answer.kind === 'unavailable') told.delete(source);
        });
      }
    },
  };
}

/** Null when the incidents know how it is. One that a person closed is not opened again for the same silence. */
function toTell(watchdog: Watchdog, deps: WatchdogsDeps): Alert['status'] | null {
  const { fingerprint } = silenceAlert(watchdog, deps.clock.now());
  const holders = deps.incidents
    .current()
    .filter(({ alerts }) => alerts.some((one) => one.fingerprint === fingerprint && !one.cleared));
  const isSilent = silenceOf(watchdog, deps) > watchdog.withinMs;
  if (isSilent) return holders.length === 0 ? 'firing' : null;
  return holders.some(({ resolved }) => resolved === null) ? 'cleared' : null;
}

/** How long nothing was seen of it while the server ran, ms. */
export function silenceOf(
  { source }: Pick<Watchdog, 'source'>,
  {
    fold,
    clock,
    startedAt,
  }: Pick<WatchdogsDeps, 'fold' | 'startedAt'> & { readonly clock: Pick<Clock, 'now'> },
): number {
  const seen = fold.get(source);
  return seen === undefined ? clock.now() - startedAt : clock.now() - seen.at - seen.downMs;
}

/** Its identity depends on the setting alone, so that it is known again after a start. */
function silenceAlert({ source, alert, withinMs }: Watchdog, startsAt: number): Alert {
  const labels = new Map([
    ['watchdog', source],
    ['alert', alert],
  ]);
  return {
    source: WATCH_SOURCE,
    status: 'firing',
    fingerprint: fingerprintOf(WATCH_SOURCE, labels),
    name: clip(`no ${alert} from ${source}`, 120),
    severity: 'critical',
    service: null,
    environment: null,
    startsAt,
    summary: `${source} has not sent ${alert} for over ${withinMs / 1000} s: its pages may not arrive either`,
  };
}
