import type { CallId, ServiceId } from '#core/ids.ts';
import type {
  Anomaly,
  ClusterEvent,
  ClusterKind,
  ClusterLogs,
  ClusterNode,
  ClusterObject,
  ClusterService,
  Dependencies,
  NodeService,
  Pod,
  Pv,
  Pvc,
  Quota,
  ReplicaSet,
  Workload,
} from '#incidents/observations-cluster.ts';
import type { ClusterSight } from '../evidence.ts';
import { merged } from './merge.ts';

export type Seen<T> = { readonly value: T; readonly calls: readonly CallId[] };
type Named<T> = ReadonlyMap<string, Seen<T>>;

/** All that was seen of the cluster that a service or system runs in, one value for each thing. */
export type ClusterState = {
  readonly scope: ServiceId;
  readonly namespace: string;
  readonly pods: Named<Pod>;
  readonly workloads: Named<Workload>;
  readonly replicasets: Named<ReplicaSet>;
  readonly services: Named<ClusterService>;
  /** Addresses behind each service. */
  readonly endpoints: Named<readonly string[]>;
  readonly nodes: Named<ClusterNode>;
  readonly quotas: Named<Quota>;
  readonly pvcs: Named<Pvc>;
  readonly pvs: Named<Pv>;
  readonly names: ReadonlyMap<ClusterKind, ReadonlySet<string>>;
  readonly logs: Named<ClusterLogs>;
  readonly nodeServices: Named<NodeService>;
  readonly dependencies: Named<Dependencies>;
  /** By `service:port`. */
  readonly connections: Named<boolean>;
  readonly anomalies: Seen<readonly Anomaly[]> | null;
  readonly events: Seen<readonly ClusterEvent[]> | null;
  /** Which kinds were listed as a whole, with the look that did: what a part of a list does not show may be there. */
  readonly listed: ReadonlyMap<ClusterKind, CallId>;
  /** Applications whose manifest was seen. */
  readonly declared: ReadonlyMap<string, CallId>;
  /** Objects seen in full, as `kind name`. */
  readonly described: ReadonlyMap<string, CallId>;
};

class Building {
  readonly objects = new Map<string, Seen<ClusterObject>>();
  readonly names = new Map<ClusterKind, Set<string>>();
  readonly logs = new Map<string, Seen<ClusterLogs>>();
  readonly nodeServices = new Map<string, Seen<NodeService>>();
  readonly dependencies = new Map<string, Seen<Dependencies>>();
  readonly connections = new Map<string, Seen<boolean>>();
  readonly listed = new Map<ClusterKind, CallId>();
  readonly declared = new Map<string, CallId>();
  readonly described = new Map<string, CallId>();
  anomalies: Seen<readonly Anomaly[]> | null = null;
  events: Seen<readonly ClusterEvent[]> | null = null;

  add({ read, call, seen }: ClusterSight): void {
    const calls = [call];
    switch (seen.look) {
      case 'objects':
        if (read.tool === 'k8s_list' && !seen.truncated) this.listed.set(read.args.kind, call);
        if (read.tool === 'k8s_manifest') this.declared.set(read.args.app, call);
        if (read.tool === 'k8s_describe') this.described.set(`${read.args.kind} ${read.args.name}`, call);
        for (const object of seen.objects) this.#object(object, call);
        return;
      case 'events':
        this.events = { value: seen.events, calls };
        return;
      case 'logs':
        this.logs.set(seen.app, { value: seen.logs, calls });
        return;
      case 'node_service':
        this.nodeServices.set(`${seen.state.node} ${seen.state.service}`, { value: seen.state, calls });
        return;
      case 'dependencies':
        this.dependencies.set(seen.app, { value: seen.dependencies, calls });
        return;
      case 'connectivity':
        this.connections.set(`${seen.service}:${seen.port}`, { value: seen.connectivity.open, calls });
        return;
      case 'anomalies':
        this.anomalies = { value: seen.anomalies, calls };
        return;
    }
  }

  #object(object: ClusterObject, call: CallId): void {
    const key = `${object.kind} ${object.name}`;
    const known = this.objects.get(key);
    const value = known === undefined ? object : merged(known.value, object);
    this.objects.set(key, { value, calls: [...new Set([...(known?.calls ?? []), call])] });
    const names = this.names.get(object.kind) ?? new Set<string>();
    names.add(object.name);
    this.names.set(object.kind, names);
  }

  of<K extends ClusterObject['kind']>(kind: K): Map<string, Seen<Extract<ClusterObject, { kind: K }>>> {
    const found = new Map<string, Seen<Extract<ClusterObject, { kind: K }>>>();
    for (const { value, calls } of this.objects.values())
      if (isKind(value, kind)) found.set(value.name, { value, calls });
    return found;
  }
}

function isKind<K extends ClusterObject['kind']>(
  object: ClusterObject,
  kind: K,
): object is Extract<ClusterObject, { kind: K }> {
  return object.kind === kind;
}

/**
 * Puts what was seen together. What a manifest declares only fills in what the cluster itself did not show: manifests
 * come first, then lists and descriptions in their order. Pure.
 */
export function clusterState(
  sights: readonly ClusterSight[],
  { scope, namespace }: { scope: ServiceId; namespace: string },
): ClusterState {
  const building = new Building();
  const own = sights.filter(({ read }) => read.service === scope);
  for (const sight of own.filter(({ read }) => read.tool === 'k8s_manifest')) building.add(sight);
  for (const sight of own.filter(({ read }) => read.tool !== 'k8s_manifest')) building.add(sight);
  const endpoints = [...building.of('endpoints')].map(
    ([name, { value, calls }]) => [name, { value: value.addresses, calls }] as const,
  );
  const { names, logs, nodeServices, dependencies, connections, listed, declared, described } = building;
  return {
    ...{
      scope,
      namespace,
      names,
      logs,
      nodeServices,
      dependencies,
      connections,
      listed,
      declared,
      described,
    },
    anomalies: building.anomalies,
    events: building.events,
    pods: building.of('pod'),
    workloads: building.of('workload'),
    replicasets: building.of('replicaset'),
    services: building.of('service'),
    endpoints: new Map(endpoints),
    nodes: building.of('node'),
    quotas: building.of('quota'),
    pvcs: building.of('pvc'),
    pvs: building.of('pv'),
  };
}
