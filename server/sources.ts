import type { Clock } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import type { Alert } from '#incidents/alert.ts';
import { createHttpGet } from '#intake/http-get.ts';
import type { Poller, PollHealth } from '#intake/list-poller.ts';
import { createPagerDutyPoller } from '#intake/pagerduty-poller.ts';
import { createPoller } from '#intake/poller.ts';
import { createWatch, WATCH_SOURCE, watchAlert } from '#intake/watch.ts';
import type { World } from '#tools/drivers/ports.ts';
import type { Config, Source } from './config-build.ts';
import type { Folds } from './folds.ts';
import { createReaders } from './readers.ts';
import { matchesOf } from './webhook-sources.ts';
import type { Firebreak } from './wire.ts';

export type SourceDeps = {
  readonly config: Config;
  readonly clock: Clock;
  readonly world: World;
  readonly firebreak: Pick<Firebreak, 'deliver'>;
  readonly folds: Folds;
  readonly onHealth: (source: string, text: string) => void;
};

/** Starts the pollers and watches of the config; what fires according to the log is known to them from the start. */
export function createSources(deps: SourceDeps): { stop(): Promise<void> } {
  const { config, clock, firebreak, folds, onHealth } = deps;
  const stop = new AbortController();
  const running: Promise<void>[] = [];
  for (const source of config.sources.values()) {
    const poller = pollerOf(deps, source);
    if (poller !== undefined) running.push(poller.run(stop.signal));
  }
  const readers = createReaders(deps);
  for (const rule of config.watches) {
    const known = firingOf(folds, WATCH_SOURCE).find(
      (alert) => alert.fingerprint === watchAlert(rule, 'firing', 0).fingerprint,
    );
    const watch = createWatch({
      rule,
      clock,
      onAlert: firebreak.deliver,
      firingSince: known?.startsAt ?? null,
      ...readers,
    });
    running.push(watch.run(stop.signal));
  }
  return {
    stop: async () => {
      stop.abort();
      const ended = await Promise.allSettled(running);
      for (const one of ended) if (one.status === 'rejected') onHealth('sources', messageOf(one.reason));
    },
  };
}

/** Asks a source for its list; undefined for one that only posts. */
function pollerOf(
  { config, clock, firebreak, folds, onHealth }: SourceDeps,
  source: Source,
): Poller | undefined {
  if (source.kind === 'generic' || source.poll === null) return undefined;
  const watchdog = config.watchdogs.find((one) => one.source === source.id);
  const common = {
    source: source.id,
    everyMs: source.poll.everyMs,
    clock,
    get: createHttpGet(source.poll.url),
    onAlert: firebreak.deliver,
    onHealth: (health: PollHealth): void =>
      onHealth(source.id, health.kind === 'ok' ? 'polling works' : `polling fails: ${health.detail}`),
    firing: firingOf(folds, source.id),
  };
  return source.kind === 'pagerduty'
    ? createPagerDutyPoller({ ...common, ...source.poll, services: source.services })
    : createPoller({
        ...common,
        ...source.poll,
        matches: matchesOf(config),
        // Twice within the time in which it must come, since a look can fail.
        ...(watchdog && { watchdog: { alert: watchdog.alert, everyMs: watchdog.withinMs / 2 } }),
      });
}

/** Alerts of a source that fire according to the log, also those that are left alone. */
function firingOf(folds: Folds, source: string): readonly Alert[] {
  const held = folds.history
    .held()
    .filter(({ alert }) => alert.source === source)
    .map(({ alert }): Alert => ({ ...alert, summary: '' }));
  const open = folds.incidents.current().filter((incident) => incident.resolved === null);
  const known = open.flatMap((incident) =>
    incident.alerts
      .filter((alert) => alert.source === source && !alert.cleared)
      .map(
        ({ fingerprint, name, severity, startsAt, page, seenBy }) =>
          ({
            source,
            status: 'firing',
            fingerprint,
            name,
            severity,
            startsAt,
            service: incident.service,
            environment: incident.environment,
            summary: '',
            ...(page !== undefined && { page }),
            ...(seenBy !== undefined && { seenBy }),
          }) as const,
      ),
  );
  return [...known, ...held];
}
