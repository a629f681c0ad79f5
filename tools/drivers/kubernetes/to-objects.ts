import type {
  ClusterEvent,
  ClusterNode,
  ClusterObject,
  ClusterService,
  Pv,
  Pvc,
  Quota,
  ReplicaSet,
  Workload,
} from '#incidents/observations-cluster.ts';
import { quantity } from '../quantity.ts';
import { ageS, podSpecOf, resourcesOf } from './to-pod.ts';
import type { Event } from './wire.ts';
import type {
  WireEndpoints,
  WireNode,
  WirePv,
  WirePvc,
  WireQuota,
  WireReplicaSet,
  WireService,
  WireWorkload,
} from './wire-objects.ts';

/** Objects of the API as the values that rules read. */

const conditionsOf = (conditions: WireWorkload['status']['conditions']): Workload['conditions'] =>
  conditions.map(({ type, status, reason, message }) => ({ type, status, reason, message }));

export function workloadOf({ metadata, spec, status }: WireWorkload, type: Workload['type']): Workload {
  const isDaemon = type === 'DaemonSet';
  return {
    kind: 'workload',
    type,
    name: metadata.name,
    desired: isDaemon ? status.desiredNumberScheduled : (spec.replicas ?? 1),
    ready: (isDaemon ? status.numberReady : status.readyReplicas) ?? 0,
    updated: (isDaemon ? status.updatedNumberScheduled : status.updatedReplicas) ?? 0,
    available: (isDaemon ? status.numberAvailable : status.availableReplicas) ?? 0,
    selector: spec.selector.matchLabels,
    spec: podSpecOf(spec.template.spec),
    conditions: conditionsOf(status.conditions),
    events: null,
  };
}

export function replicaSetOf({ metadata, spec, status }: WireReplicaSet): ReplicaSet {
  const owner = metadata.ownerReferences.find(({ controller }) => controller === true);
  return {
    kind: 'replicaset',
    name: metadata.name,
    app: owner?.name ?? null,
    desired: spec.replicas,
    current: status.replicas ?? 0,
    ready: status.readyReplicas ?? 0,
    events: null,
  };
}

export function serviceOf({ metadata, spec }: WireService): ClusterService {
  return {
    kind: 'service',
    name: metadata.name,
    clusterIp: spec.clusterIP,
    type: spec.type,
    selector: spec.selector,
    labels: metadata.labels,
    ports: spec.ports.map(({ name, port, targetPort, protocol, appProtocol }) => ({
      ...{ name, port, target: targetPort, protocol: protocol ?? 'TCP', appProtocol },
    })),
    endpoints: null,
  };
}

export function endpointsOf({
  metadata,
  subsets,
}: WireEndpoints): Extract<ClusterObject, { kind: 'endpoints' }> {
  const addresses = subsets.flatMap(({ addresses, ports }) =>
    addresses.flatMap(({ ip }) => ports.map(({ port }) => `${ip}:${port}`)),
  );
  return { kind: 'endpoints', name: metadata.name, addresses };
}

export function nodeOf({ metadata, spec, status }: WireNode): ClusterNode {
  const ready = status.conditions.find(({ type }) => type === 'Ready')?.status;
  return {
    kind: 'node',
    name: metadata.name,
    ready: ready === 'True' || ready === 'False' ? ready : 'Unknown',
    unschedulable: spec.unschedulable === true,
    labels: metadata.labels,
    taints: spec.taints,
    allocatable: resourcesOf(status.allocatable),
    requested: null,
    conditions: conditionsOf(status.conditions),
    events: null,
  };
}

export function quotaOf({ metadata, spec, status }: WireQuota): Quota {
  const hard = { ...spec.hard, ...status.hard };
  const lines = Object.entries(hard).map(([resource, most]) => {
    const used = status.used[resource];
    return { resource, used: used === undefined ? null : quantity(used), hard: quantity(most) };
  });
  return { kind: 'quota', name: metadata.name, lines };
}

const MODES = new Map([
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
] as const);
type Known = Parameters<(typeof MODES)['get']>[0];
const isKnown = (text: string): text is Known => [...MODES.keys()].some((one) => one === text);
const modesOf = (modes: readonly string[]): Pvc['modes'] =>
  modes.filter(isKnown).flatMap((one) => MODES.get(one) ?? []);
const sizeOf = (sizes: { storage: string | null } | null | undefined): number | null =>
  sizes?.storage ? quantity(sizes.storage) : null;

export function pvcOf({ metadata, spec, status }: WirePvc): Pvc {
  return {
    kind: 'pvc',
    name: metadata.name,
    status: status.phase,
    volume: spec.volumeName,
    size: sizeOf(status.capacity) ?? sizeOf(spec.resources?.requests),
    modes: modesOf(spec.accessModes),
    storageClass: spec.storageClassName,
    selector: spec.selector?.matchLabels ?? {},
    usedBy: null,
    events: null,
  };
}

export function pvOf({ metadata, spec, status }: WirePv): Pv {
  const { claimRef } = spec;
  return {
    kind: 'pv',
    name: metadata.name,
    status: status.phase,
    claim: claimRef?.name ? `${claimRef.namespace ?? ''}/${claimRef.name}` : null,
    size: sizeOf(spec.capacity),
    modes: modesOf(spec.accessModes),
    storageClass: spec.storageClassName ?? '',
    labels: metadata.labels,
  };
}

export function eventOf(event: Event, now: number): ClusterEvent {
  const { kind, name } = event.involvedObject;
  return {
    about: kind === null || name === null ? null : { kind, name },
    warning: event.type === 'Warning',
    reason: event.reason ?? '',
    message: event.message ?? event.note ?? '',
    count: event.series?.count ?? event.count ?? 1,
    ageS: ageS(seenAt(event), now),
  };
}

const seenAt = ({ series, lastTimestamp, eventTime, firstTimestamp, metadata }: Event): number | null =>
  series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? firstTimestamp ?? metadata.creationTimestamp;
