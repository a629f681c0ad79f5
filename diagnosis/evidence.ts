import type { z } from 'zod';
import type { JsonValue } from '#core/canonical.ts';
import type { CallId, ServiceId } from '#core/ids.ts';
import { DeploymentsSeen, LogsSeen, ProbeSeen, SignalSeen, WorkloadSeen } from '#incidents/observations.ts';
import { ChangesSeen } from '#incidents/observations-changes.ts';
import { ClusterSeen } from '#incidents/observations-cluster.ts';
import { HistorySeen } from '#incidents/observations-history.ts';
import { HostSeen } from '#incidents/observations-host.ts';
import { PostgresSeen } from '#incidents/observations-postgres.ts';
import { ScanSeen } from '#incidents/observations-scan.ts';
import type { Finding } from '#incidents/reports.ts';
import type { SignalName } from '#incidents/vocabulary.ts';
import { type ClusterRead, isClusterRead, type Read, readKey } from './read.ts';

/** What came of one look. `call` is its evidence id; a look without one cannot be cited and counts as a gap. */
export type ReadResult =
  | { readonly read: Read; readonly kind: 'seen'; readonly call: CallId; readonly value: JsonValue }
  | { readonly read: Read; readonly kind: 'gap'; readonly reason: string };

/** A signal as the detectors read it, whether this diagnosis looked itself or was told by a finding. */
export type SignalView = {
  readonly calls: readonly CallId[];
  readonly state: 'high' | 'low' | 'normal' | 'unseen';
  readonly now: number | null;
  readonly median: number | null;
  readonly since: number | null;
  readonly slope: number | null;
  readonly stepMs: number | null;
};
export type Cited<T> = { readonly calls: readonly CallId[]; readonly value: T };
/** One look at a cluster and what came of it. */
export type ClusterSight = {
  readonly read: ClusterRead;
  readonly call: CallId;
  readonly seen: ClusterSeen;
};
/** One look at a PostgreSQL server and what came of it. */
export type PostgresSight = {
  readonly service: ServiceId;
  readonly call: CallId;
  readonly seen: PostgresSeen;
};
export type Gap = { readonly service: ServiceId; readonly tool: Read['tool']; readonly reason: string };

/** Everything that was observed so far, newest observation per thing. */
export type Evidence = {
  readonly signals: ReadonlyMap<string, SignalView>;
  readonly logs: ReadonlyMap<ServiceId, Cited<LogsSeen>>;
  readonly deployments: ReadonlyMap<ServiceId, Cited<DeploymentsSeen>>;
  readonly workloads: ReadonlyMap<ServiceId, Cited<WorkloadSeen>>;
  readonly probes: ReadonlyMap<ServiceId, Cited<ProbeSeen>>;
  readonly scans: ReadonlyMap<ServiceId, Cited<ScanSeen>>;
  /** What was seen of clusters, in order. */
  readonly cluster: readonly ClusterSight[];
  /** What was seen of PostgreSQL servers, in order. */
  readonly postgres: readonly PostgresSight[];
  readonly hosts: ReadonlyMap<ServiceId, Cited<HostSeen>>;
  /** What was changed in code. */
  readonly changes: ReadonlyMap<ServiceId, Cited<ChangesSeen>>;
  /** What earlier incidents were. */
  readonly histories: ReadonlyMap<ServiceId, Cited<HistorySeen>>;
  readonly gaps: readonly Gap[];
  /** Keys of the looks already taken, seen or not. */
  readonly done: ReadonlySet<string>;
};

export const signalKey = (service: ServiceId, signal: SignalName): string => `${service} ${signal}`;

/** Sorts findings and results into evidence. Total: a value of another shape or about another service is a gap. */
export function evidenceOf(results: readonly ReadResult[], findings: readonly Finding[]): Evidence {
  const signals = new Map<string, SignalView>();
  const logs = new Map<ServiceId, Cited<LogsSeen>>();
  const deployments = new Map<ServiceId, Cited<DeploymentsSeen>>();
  const workloads = new Map<ServiceId, Cited<WorkloadSeen>>();
  const probes = new Map<ServiceId, Cited<ProbeSeen>>();
  const scans = new Map<ServiceId, Cited<ScanSeen>>();
  const cluster: ClusterSight[] = [];
  const postgres: PostgresSight[] = [];
  const hosts = new Map<ServiceId, Cited<HostSeen>>();
  const changes = new Map<ServiceId, Cited<ChangesSeen>>();
  const histories = new Map<ServiceId, Cited<HistorySeen>>();
  const gaps: Gap[] = [];
  for (const finding of findings) signals.set(signalKey(finding.service, finding.signal), toldView(finding));
  for (const result of results) {
    const reason = result.kind === 'gap' ? result.reason : keep(result);
    // What was before is no part of what can be seen now.
    if (reason !== null && result.read.tool !== 'incident_history')
      gaps.push({ service: result.read.service, tool: result.read.tool, reason });
  }
  return {
    signals,
    logs,
    deployments,
    workloads,
    probes,
    scans,
    cluster,
    postgres,
    hosts,
    changes,
    histories,
    gaps,
    done: new Set(results.map(({ read }) => readKey(read))),
  };

  function keep({ read, call, value }: Extract<ReadResult, { kind: 'seen' }>): string | null {
    if (isClusterRead(read)) return keepSight(cluster, { read, call, value });
    switch (read.tool) {
      case 'metrics_query': {
        const seen = parsed(SignalSeen, read, value);
        if (seen === null || seen.signal !== read.signal) return 'bad_answer';
        signals.set(signalKey(read.service, read.signal), seenView(call, seen));
        return seen.state === 'unseen' ? 'no_data' : null;
      }
      case 'logs_search':
        return keepLogs(logs, call, parsed(LogsSeen, read, value));
      case 'deployments_list':
        return put(deployments, call, parsed(DeploymentsSeen, read, value));
      case 'workload_status':
        return put(workloads, call, parsed(WorkloadSeen, read, value));
      case 'http_probe':
        return put(probes, call, parsed(ProbeSeen, read, value));
      case 'system_scan':
        return put(scans, call, parsed(ScanSeen, read, value));
      case 'pg_activity':
      case 'pg_locks':
      case 'pg_replication':
      case 'pg_sizes': {
        const seen = PostgresSeen.safeParse(value);
        if (!seen.success || `pg_${seen.data.look}` !== read.tool) return 'bad_answer';
        postgres.push({ service: read.service, call, seen: seen.data });
        return null;
      }
      case 'changes_list':
        return put(changes, call, parsed(ChangesSeen, read, value));
      case 'incident_history':
        return put(histories, call, parsed(HistorySeen, read, value));
      case 'host_status': {
        const seen = HostSeen.safeParse(value);
        if (!seen.success) return 'bad_answer';
        hosts.set(read.service, { calls: [call], value: seen.data });
        return null;
      }
    }
  }
}

/** What causes are told by is a look at errors: one at all lines does not take its place, nor one that goes back less. */
function keepLogs(into: Map<ServiceId, Cited<LogsSeen>>, call: CallId, seen: LogsSeen | null): string | null {
  const known = seen === null ? undefined : into.get(seen.service)?.value;
  const isLess = known?.level === 'error' && (seen?.level !== 'error' || seen.from > known.from);
  return isLess ? null : put(into, call, seen);
}

function keepSight(
  into: ClusterSight[],
  { read, call, value }: { read: ClusterRead; call: CallId; value: JsonValue },
): string | null {
  const seen = ClusterSeen.safeParse(value);
  if (!seen.success) return 'bad_answer';
  into.push({ read, call, seen: seen.data });
  return null;
}

function parsed<T extends { service: ServiceId }>(
  schema: z.ZodType<T>,
  read: Read,
  value: JsonValue,
): T | null {
  const seen = schema.safeParse(value);
  return seen.success && seen.data.service === read.service ? seen.data : null;
}

function put<T extends { service: ServiceId }>(
  into: Map<ServiceId, Cited<T>>,
  call: CallId,
  value: T | null,
): string | null {
  if (value === null) return 'bad_answer';
  into.set(value.service, { calls: [call], value });
  return null;
}

function seenView(call: CallId, seen: SignalSeen): SignalView {
  const { state, now, since, slope, normal, points } = seen;
  return { calls: [call], state, now, since, slope, median: normal?.median ?? null, stepMs: points.stepMs };
}

function toldView(finding: Finding): SignalView {
  const number = (text: string | null): number | null => (text === null ? null : Number(text));
  const { state, since } = finding;
  return {
    calls: finding.evidence,
    state,
    since,
    now: number(finding.now),
    median: number(finding.normal),
    slope: null,
    stepMs: null,
  };
}
