import type { Clock } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import type { Alert } from '#incidents/alert.ts';
import { httpGet } from '#intake/http-get.ts';
import { createPoller } from '#intake/poller.ts';
import { createWatch, WATCH_SOURCE, watchAlert } from '#intake/watch.ts';
import type { World } from '#tools/drivers/ports.ts';
import type { Config } from './config-build.ts';
import type { Folds } from './folds.ts';
import { createReaders } from './readers.ts';
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
    if (source.kind !== 'alertmanager' || source.poll === null) continue;
    const { url, token, everyMs } = source.poll;
    const onPoll = (health: { kind: 'ok' } | { kind: 'failing'; detail: string }): void =>
      onHealth(source.id, health.kind === 'ok' ? 'polling works' : `polling fails: ${health.detail}`);
    const poller = createPoller({
      source: source.id,
      url,
      token,
      everyMs,
      clock,
      get: httpGet,
      onAlert: firebreak.deliver,
      onHealth: onPoll,
      firing: firingOf(folds, source.id),
    });
    running.push(poller.run(stop.signal));
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

/** Alerts of a source that fire according to the log. */
function firingOf(folds: Folds, source: string): readonly Alert[] {
  const open = folds.incidents.current().filter((incident) => incident.resolved === null);
  return open.flatMap((incident) =>
    incident.alerts
      .filter((alert) => alert.source === source && !alert.cleared)
      .map(
        ({ fingerprint, name, severity, startsAt }) =>
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
          }) as const,
      ),
  );
}
