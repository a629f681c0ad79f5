import type { JsonValue } from '#core/canonical.ts';
import { CallId, Digest, ServiceId } from '#core/ids.ts';
import { evidenceOf, type ReadResult } from '#diagnosis/evidence.ts';
import { nextReads } from '#diagnosis/next-reads.ts';
import { type Ranking, rank } from '#diagnosis/rank.ts';
import { isClusterRead, type Read } from '#diagnosis/read.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import { deployRef } from '#incidents/refs.ts';
import { SignalName } from '#incidents/vocabulary.ts';

/** Onset of everything in these tests. */
export const T0 = 1_700_000_000_000;

type Level = {
  now: number;
  normal: number;
  state?: 'high' | 'low' | 'normal';
  since?: number;
  slope?: number;
  stepMs?: number;
};
type Deploy = { version: string; secondsBefore: number };
export type ServiceFacts = {
  dependsOn?: readonly string[];
  signals?: Partial<Record<SignalName, Level | 'gap'>>;
  deploys?: readonly Deploy[] | 'gap';
  workload?: { replicas?: number; running?: number; starting?: number; exited?: number } | 'gap';
  probe?: boolean | 'gap';
  freshErrors?: boolean | 'gap';
  /** Configured signals; default all. */
  watched?: readonly SignalName[];
};
export type Facts = Readonly<Record<string, ServiceFacts>>;

const NORMAL: Record<SignalName, number> = {
  error_ratio: 0.002,
  latency_p95: 40,
  request_rate: 80,
  saturation: 0.3,
  memory_use: 0.4,
  instances_up: 2,
};

export const up = (now: number, normal: number, more: Partial<Level> = {}): Level => ({
  now,
  normal,
  state: 'high',
  since: T0,
  ...more,
});
export const fell = (now: number, normal: number, more: Partial<Level> = {}): Level => ({
  now,
  normal,
  state: 'low',
  since: T0,
  ...more,
});
export const id = (name: string): ServiceId => ServiceId.parse(name);

export function inventoryOf(facts: Facts): Inventory {
  const services = Object.entries(facts).map(
    ([name, { dependsOn = [], watched = SignalName.options }]): Service => {
      return {
        id: id(name),
        environment: 'test',
        owner: 'team',
        mode: 'act',
        dependsOn: dependsOn.map(id),
        maxReplicas: 6,
        signals: Object.fromEntries(watched.map((signal) => [signal, { kind: 'up' }])),
        telemetry: 'metrics',
        logs: [`/logs/${name}.log`],
        probe: 'http://127.0.0.1:1/healthz',
        workload: { driver: 'fake', name },
      };
    },
  );
  return {
    version: Digest.parse('0'.repeat(64)),
    services: new Map(services.map((service) => [service.id, service])),
  };
}

/** What a tool would give for this look at these facts; null = a gap. */
export function lookAt(facts: Facts, read: Read): JsonValue | null {
  const of = facts[read.service] ?? {};
  const { service } = read;
  if (isClusterRead(read)) return null;
  switch (read.tool) {
    case 'system_scan':
    case 'pg_activity':
    case 'pg_locks':
    case 'pg_replication':
    case 'pg_sizes':
    case 'host_status':
    case 'incident_history':
    case 'changes_list':
      return null;
    case 'metrics_query':
      return signalSeen(of, service, read.signal);
    case 'deployments_list':
      return deploymentsSeen(of, service);
    case 'workload_status':
      return workloadSeen(of, service);
    case 'http_probe': {
      const ok = of.probe ?? true;
      return ok === 'gap' ? null : { service, ok, status: ok ? 200 : 503, ms: 3 };
    }
    case 'logs_search': {
      if (of.freshErrors === 'gap') return null;
      const templates = of.freshErrors
        ? [{ template: 'Error: <text>', count: 40, firstAt: T0, fresh: true }]
        : [];
      return {
        service,
        level: 'error',
        from: T0 - 900_000,
        total: templates.length * 40,
        truncated: false,
        templates,
      };
    }
  }
}

function signalSeen(of: ServiceFacts, service: ServiceId, signal: SignalName): JsonValue | null {
  const level = of.signals?.[signal] ?? { now: NORMAL[signal], normal: NORMAL[signal] };
  if (level === 'gap') return null;
  const { now, normal, state = 'normal', slope = 0, stepMs = 500 } = level;
  const since = state === 'normal' ? null : (level.since ?? T0);
  const band = { median: normal, low: 0, high: normal * 1.5 };
  const points = { from: T0 - 60_000, stepMs, v: [normal, now, now, now] };
  return { service, signal, now, normal: band, state, since, slope, points };
}

function deploymentsSeen({ deploys }: ServiceFacts, service: ServiceId): JsonValue | null {
  if (deploys === 'gap') return null;
  const list = deploys ?? [{ version: 'v1', secondsBefore: 900_000 }];
  const deployments = list.map(({ version, secondsBefore }, back) => {
    const ref = back === 0 ? null : deployRef(service, back);
    return { ref, version, at: T0 - secondsBefore * 1000, by: 'ci' };
  });
  return { service, deployments };
}

function workloadSeen({ workload }: ServiceFacts, service: ServiceId): JsonValue | null {
  if (workload === 'gap') return null;
  const { replicas = 2, running = replicas, starting = 0, exited = 0 } = workload ?? {};
  const times = { oldestStart: T0 - 900_000_000, newestStart: T0 - 900_000_000 };
  return {
    service,
    uid: `uid-${service}`,
    generation: 1,
    version: 'v1',
    replicas,
    maxReplicas: 6,
    running,
    starting,
    exited,
    ...times,
  };
}

export type Investigation = { ranking: Ranking; results: ReadResult[] };

/** Looks as the diagnosis asks for it until it asks for nothing more. */
export function investigate(
  facts: Facts,
  paged: string,
  options: { signal?: SignalName; budget?: number } = {},
): Investigation {
  const inventory = inventoryOf(facts);
  const about = { service: id(paged), signal: options.signal ?? null, since: T0 + 2000 };
  const results: ReadResult[] = [];
  for (;;) {
    const ranking = rank(evidenceOf(results, []), inventory, about);
    const reads = nextReads(ranking, Math.min(4, (options.budget ?? 40) - results.length));
    if (reads.length === 0) return { ranking, results };
    for (const read of reads) results.push(resultOf(facts, read, results.length + 1));
  }
}

export function resultOf(facts: Facts, read: Read, number: number): ReadResult {
  const value = lookAt(facts, read);
  return value === null
    ? { read, kind: 'gap', reason: 'timeout' }
    : { read, kind: 'seen', call: CallId.parse(`e${number}`), value };
}

/** The culprit that was named, as `cause service`, or the outcome when none was. */
export function named({ ranking }: Investigation): string {
  const best = ranking.hypotheses[0];
  const isNamed = ranking.outcome === 'likely' || ranking.outcome === 'confirmed';
  return isNamed && best !== undefined ? `${best.cause} ${best.service}` : ranking.outcome;
}
