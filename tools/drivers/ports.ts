import type { ServiceOrder, ServicePreview } from '#approvals/plan.ts';
import type { ServiceId } from '#core/ids.ts';
import type { Service, SignalSource } from '#incidents/inventory.ts';
import type { PastIncident } from '#incidents/observations-history.ts';
import type { SignalName } from '#incidents/vocabulary.ts';
import { type ChangeOutcome, type ChangeRefusal, changeRefusals } from './change-outcome.ts';
import type { ClusterDriver } from './cluster-port.ts';
import type { CodeDriver } from './code-port.ts';
import type { CordonDriver } from './cordon-port.ts';
import type { HostDriver } from './host-port.ts';
import type { McpDriver } from './mcp-port.ts';
import type { PostgresDriver } from './postgres-port.ts';
import type { ProgramDriver } from './program-port.ts';
import type { Gap, GapReason, Seen } from './seen.ts';
import type { SilenceDriver } from './silence-port.ts';

export type { ChangeOutcome, ChangeRefusal, Gap, GapReason, Seen };
export { changeRefusals };

/** One number per instant, oldest first; `t` in ms, `v` null where nothing was measured. */
export type Series = { t: readonly number[]; v: readonly (number | null)[] };
export type MetricsQuery = {
  service: Service;
  signal: SignalName;
  source: SignalSource;
  from: number;
  to: number;
  stepMs: number;
};

/**
 * Calls from one service to another in one minute: what they took as the caller waited and as the callee says, means in ms.
 * Names as the source has them.
 */
export type CallTimes = {
  at: number;
  caller: string;
  callee: string;
  count: number;
  clientMs: number;
  serverMs: number;
};
export type CallsQuery = { from: number; to: number };

/** An expression about one service, as somebody wrote it. `from` = `to` asks for that instant only. */
export type PromqlQuery = { service: Service; expression: string; from: number; to: number; stepMs: number };
/** Labels and values of each series; both are foreign. */
export type LabelledSeries = { labels: Readonly<Record<string, string>>; series: Series };

/** Reads one signal of one service over a time range; and, where the source knows it, what calls between services took. */
export type MetricsDriver = {
  series(query: MetricsQuery, signal: AbortSignal): Promise<Seen<Series>>;
  calls?(query: CallsQuery, signal: AbortSignal): Promise<Seen<readonly CallTimes[]>>;
  /** Answers an expression after it was checked against what the config allows; refuses it else. Left out = takes none. */
  promql?(query: PromqlQuery, signal: AbortSignal): Promise<Seen<readonly LabelledSeries[]>>;
};

/** Foreign text: shown inert. `at` in ms, null where the line has no time. */
export type LogLine = { at: number | null; level: string; message: string };
export type LogsQuery = { service: Service; level: 'error' | 'warn' | 'any'; from: number; limit: number };
/** `total` counts matches in the window, also those beyond the limit. */
export type LogsDriver = {
  search(
    query: LogsQuery,
    signal: AbortSignal,
  ): Promise<Seen<{ lines: readonly LogLine[]; total: number; truncated: boolean }>>;
};

export type Instance = {
  id: string;
  state: 'running' | 'starting' | 'exited';
  version: string;
  startedAt: number | null;
  exitCode: number | null;
};
export type Workload = {
  uid: string;
  generation: number;
  version: string;
  replicas: number;
  maxReplicas: number;
  instances: readonly Instance[];
};
/** Newest first; `at` in ms. */
export type Deployment = { version: string; at: number; by: string };

/** What a change is tied to: the key makes a repeated request harmless, the generation makes a stale one fail. */
export type ChangeOrder = {
  change: ServiceOrder;
  key: string;
  expectGeneration: number;
};

/**
 * Speaks to what runs the services. `process` (a supervisor's loopback API) and Kubernetes fill the same interface.
 * Uids and generations pin a target; `settle` asks afterwards what became of a key.
 */
export type WorkloadDriver = {
  describe(service: Service, signal: AbortSignal): Promise<Seen<Workload>>;
  deployments(service: Service, signal: AbortSignal): Promise<Seen<readonly Deployment[]>>;
  dryRun(
    service: Service,
    change: ChangeOrder['change'],
    signal: AbortSignal,
  ): Promise<Seen<{ preview: ServicePreview; uid: string; generation: number }>>;
  apply(service: Service, order: ChangeOrder, signal: AbortSignal): Promise<ChangeOutcome>;
  settle(
    service: Service,
    key: string,
    signal: AbortSignal,
  ): Promise<'happened' | 'did_not_happen' | 'unknown'>;
  /** The same change as a command for a person. */
  manual(service: Service, change: ChangeOrder['change']): string;
  /** Left out where services run on no nodes that could be kept free. */
  readonly cordon?: CordonDriver;
};

export type ProbeDriver = {
  get(url: string, signal: AbortSignal): Promise<Seen<{ status: number; ms: number }>>;
};

/** Everything that tools may reach, keyed as the config names it. */
export type World = {
  readonly metrics: ReadonlyMap<string, MetricsDriver>;
  readonly workloads: ReadonlyMap<string, WorkloadDriver>;
  readonly logs: LogsDriver;
  readonly probe: ProbeDriver;
  readonly clusters?: ReadonlyMap<string, ClusterDriver>;
  readonly databases?: ReadonlyMap<string, PostgresDriver>;
  readonly host?: HostDriver;
  /** By the source of the pages. */
  /** The operator's own programs; left out = none are looked at. */
  readonly programs?: ProgramDriver;
  readonly silences?: ReadonlyMap<string, SilenceDriver>;
  /** Where the code of services lies. */
  readonly code?: CodeDriver;
  readonly mounts?: ReadonlyMap<string, McpDriver>;
  /** Handed in: what the log says of earlier incidents of a service, newest first. */
  readonly history?: (service: ServiceId, most: number) => readonly PastIncident[];
};
