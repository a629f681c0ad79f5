import type { Clock } from '#core/clock.ts';
import { unreachable } from '#core/errors.ts';
import type { SignalSource } from '#incidents/inventory.ts';
import { createAlertmanagerSilences } from '#tools/drivers/alertmanager-silences.ts';
import { guardCluster, guardMetrics, guardWorkload } from '#tools/drivers/guarded.ts';
import { createHttpProbe } from '#tools/drivers/http-probe.ts';
import { createKubernetesCluster } from '#tools/drivers/kubernetes/cluster.ts';
import { createKubernetesWorkload } from '#tools/drivers/kubernetes/workload.ts';
import type { MetricsDriver, WorkloadDriver, World } from '#tools/drivers/ports.ts';
import { createProcessDriver } from '#tools/drivers/process.ts';
import { inspectProgram } from '#tools/drivers/program-file.ts';
import { createPrometheus } from '#tools/drivers/prometheus.ts';
import { createScraper, type Scraper } from '#tools/drivers/scraper.ts';
import type { Config, WorkloadSource } from './config-build.ts';
import type { Cluster } from './config-cluster.ts';
import type { Telemetry } from './config-telemetry.ts';
import { createCode } from './world-code.ts';
import { createTelemetry, guardOf } from './world-telemetry.ts';

export type RunningWorld = { readonly world: World; start(): void; stop(): Promise<void> };

/** The drivers that the config names; nothing else can be reached. Scrapers run between `start` and `stop`. */
export function createWorld(config: Config, clock: Clock): RunningWorld {
  const scrapers: Scraper[] = [];
  const metrics = new Map<string, MetricsDriver>();
  for (const [id, telemetry] of config.telemetry) {
    const driver = metricsDriver(config, telemetry, clock);
    if ('start' in driver) scrapers.push(driver);
    metrics.set(id, driver);
  }
  const clusters = [...config.clusters].map(([id, cluster]) => {
    const driver = createKubernetesCluster(readerOf(cluster), clock);
    return [id, guardCluster(driver, guardOf(`cluster ${id}`, clock))] as const;
  });
  const workloads = [...config.workloads].map(
    ([id, one]) => [id, guardWorkload(workloadDriver(one, clock), guardOf(`workload ${id}`, clock))] as const,
  );
  return {
    world: {
      metrics,
      workloads: new Map(workloads),
      clusters: new Map(clusters),
      probe: createHttpProbe({ to: probesOf(config) }, clock),
      ...createTelemetry(config, clock),
      ...createCode(config, clock),
      silences: silencesOf(config, clock),
      ...(config.inventory.actions && { programs: { inspect: inspectProgram } }),
    },
    start: () => {
      for (const scraper of scrapers) scraper.start();
    },
    stop: async () => {
      await Promise.all(scrapers.map((scraper) => scraper.stop()));
    },
  };
}

/** With the credentials for looking. */
function silencesOf({ silencers }: Config, clock: Clock): World['silences'] & object {
  return new Map(
    [...silencers].map(([source, { url, token }]) => {
      const bearer = token === null ? {} : { token: () => token.reveal() };
      return [source, createAlertmanagerSilences({ source, url, ...bearer }, clock)];
    }),
  );
}

/** The health checks of the config. */
function probesOf({ inventory }: Config): readonly string[] {
  return [...inventory.services.values()].flatMap(({ probe }) => probe ?? []);
}

/** With the credential for reading. */
function workloadDriver(one: WorkloadSource, clock: Clock): WorkloadDriver {
  if (one.kind === 'kubernetes')
    return createKubernetesWorkload({ ...readerOf(one.cluster), namespace: one.namespace }, clock);
  const { url, token } = one;
  return createProcessDriver({ url, token: () => token.reveal() }, clock);
}

const readerOf = ({ url, ca, token }: Cluster) => ({ url, ca, token: () => token.reveal() });

function metricsDriver(config: Config, telemetry: Telemetry, clock: Clock): Scraper | MetricsDriver {
  const { token } = telemetry;
  const bearer = token === null ? {} : { token: () => token.reveal() };
  switch (telemetry.kind) {
    case 'scrape': {
      const { everyMs, keepMs, discover, hosts, targets } = telemetry;
      const from = discover === null ? { targets } : { discover: { url: discover, hosts, ...bearer } };
      return createScraper({ everyMs, keepMs, sources: sourcesOf(config, telemetry.id), ...from }, clock);
    }
    case 'prometheus':
      return guardMetrics(
        createPrometheus(
          {
            url: telemetry.url,
            select: { [telemetry.label]: '$service' },
            ...bearer,
            ...(telemetry.promql !== null && { allowed: telemetry.promql }),
          },
          clock,
        ),
        guardOf(`prometheus ${telemetry.id}`, clock),
        guardOf(`prometheus ${telemetry.id} for written expressions`, clock),
      );
    default:
      return unreachable(telemetry);
  }
}

/** Signals that services read from this source: a scraper keeps nothing else. */
function sourcesOf(config: Config, telemetry: string): readonly SignalSource[] {
  const services = [...config.inventory.services.values()].filter(
    (service) => service.telemetry === telemetry,
  );
  return services.flatMap((service) => Object.values(service.signals));
}
