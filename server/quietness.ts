import type { Clock } from '#core/clock.ts';
import type { AlertHistory } from '#incidents/alert-history.ts';
import type { MaintenanceFold } from '#incidents/maintenance-fold.ts';
import { endOf, type QuietRules } from '#incidents/quiet.ts';
import type { WatchdogFold } from '#incidents/watchdog-fold.ts';
import type { Quietness } from '#views/status-quiet.ts';
import type { Watchdog } from './config-duty.ts';
import { silenceOf } from './watchdogs.ts';

export type QuietnessDeps = {
  readonly folds: {
    readonly history: AlertHistory;
    readonly maintenance: MaintenanceFold;
    readonly lifeSigns: WatchdogFold;
  };
  readonly quiet: QuietRules;
  readonly watchdogs: readonly Watchdog[];
  readonly clock: Pick<Clock, 'now'>;
  readonly startedAt: number;
};

/** What is left alone now and what should be heard, from the log, the config and the time. */
export function quietnessOf({ folds, quiet, watchdogs, clock, startedAt }: QuietnessDeps): Quietness {
  const now = clock.now();
  const added = folds.maintenance.all().filter(({ until }) => until > now).length;
  const weekly = quiet.windows.filter((window) => endOf(window, now) !== undefined).length;
  const sense = { fold: folds.lifeSigns, clock, startedAt };
  return {
    windows: added + weekly,
    held: folds.history.held().length,
    flapping: folds.history.flapping(now),
    watchdogs: watchdogs.map(({ source, withinMs }) => {
      return { source, withinMs, silentMs: Math.max(0, silenceOf({ source }, sense)) };
    }),
  };
}
