import type {
  Anomaly,
  ClusterEvent,
  ClusterKind,
  ClusterLogs,
  ClusterObject,
  Connectivity,
  Dependencies,
  NodeService,
  NodeServiceName,
} from '#incidents/observations-cluster.ts';
import type { Seen } from './seen.ts';

export type InNamespace = { readonly namespace: string };
export type OfApp = InNamespace & { readonly app: string };

/**
 * Speaks to one Kubernetes cluster, only looking. Everything is a typed value; what a backend does not show is `null`
 * in it, what it cannot answer is a gap, and nothing is guessed. Names are checked, amounts are numbers (millicores,
 * bytes), strings are foreign text that the read tools clean. Secrets are listed by name only, and environment values
 * that are no address, number or switch are left out. No method throws for what the backend says or does; each stops
 * when the signal aborts.
 */
export type ClusterDriver = {
  /** All objects of a kind in the namespace; nodes, volumes and storage classes of the cluster. Details may be null. */
  list(
    query: InNamespace & { readonly kind: ClusterKind },
    signal: AbortSignal,
  ): Promise<Seen<{ objects: readonly ClusterObject[]; truncated: boolean }>>;
  /** One object with all that is known of it, and its events. Gap `no_data` where there is no such object. */
  describe(
    query: InNamespace & { readonly kind: ClusterKind; readonly name: string },
    signal: AbortSignal,
  ): Promise<Seen<ClusterObject>>;
  /** What is declared for one application: its workload, the services in front of it, its claims and volumes. */
  manifest(query: OfApp, signal: AbortSignal): Promise<Seen<readonly ClusterObject[]>>;
  /** Recent events of the namespace, warnings first, at most 500. */
  events(query: InNamespace, signal: AbortSignal): Promise<Seen<readonly ClusterEvent[]>>;
  /** Recent log lines that speak of errors, of all containers of one application, grouped by kind of line. */
  errorLogs(query: OfApp, signal: AbortSignal): Promise<Seen<ClusterLogs>>;
  /** How a service of the node itself is doing. */
  nodeService(
    query: { readonly node: string; readonly service: NodeServiceName },
    signal: AbortSignal,
  ): Promise<Seen<NodeService>>;
  /** Who calls an application and whom it calls, directly and further down. */
  dependencies(query: OfApp, signal: AbortSignal): Promise<Seen<Dependencies>>;
  /** Whether a port of a service can be connected to from inside the cluster. */
  connect(
    query: InNamespace & { readonly service: string; readonly port: number },
    signal: AbortSignal,
  ): Promise<Seen<Connectivity>>;
  /** Measurements of the namespace's applications and the nodes that left their normal level. */
  anomalies(query: InNamespace, signal: AbortSignal): Promise<Seen<readonly Anomaly[]>>;
};
