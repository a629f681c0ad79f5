import type { CallId } from '#core/ids.ts';
import type { ClusterCause } from '#incidents/cluster-causes.ts';
import type { Anomaly, NodeServiceName } from '#incidents/observations-cluster.ts';
import { isDown, messagesOf, unique } from './facts.ts';
import { type ClusterDetector, type ClusterFinding, nodeRef } from './finding.ts';
import { isUnplaced, schedulerVerdict } from './scheduling.ts';
import type { ClusterState } from './state.ts';

/** Pods that nobody has even tried to place. */
export const isUnscheduled = (state: ClusterState): boolean =>
  [...state.pods.values()].some(
    ({ value }) =>
      isUnplaced(value) &&
      value.events !== null &&
      schedulerVerdict(messagesOf(value, state)) === null &&
      !value.events.some(({ reason }) => /Schedul/.test(reason)),
  );

/** A service of a node that does not run; `asks` says how much that explains. */
function nodeService(
  cause: ClusterCause,
  service: NodeServiceName,
  points: (state: ClusterState, node: string) => number,
): ClusterDetector {
  return {
    cause,
    find: (state) =>
      [...state.nodeServices.values()].flatMap(({ value, calls }): ClusterFinding[] => {
        if (value.service !== service || (value.state !== 'inactive' && value.state !== 'failed')) return [];
        const looks = unique([...calls, ...(state.nodes.get(value.node)?.calls ?? [])]);
        return [{ object: nodeRef(value.node), points: points(state, value.node), for: looks.slice(0, 8) }];
      }),
  };
}

/** Without its runtime a kubelet stops, too: where both are down, the runtime is the cause. */
const isRuntimeDown = (state: ClusterState, node: string): boolean =>
  ['inactive', 'failed'].includes(state.nodeServices.get(`${node} containerd`)?.value.state ?? '');

type NodeAnomaly = Anomaly & { readonly calls: readonly CallId[] };

/** Network measurements of nodes, worst first. */
export function networkAnomalies(state: ClusterState): NodeAnomaly[] {
  const calls = state.anomalies?.calls ?? [];
  const found = (state.anomalies?.value ?? []).filter(
    ({ kind, what }) =>
      kind === 'node' && (what === 'retransmissions' || what === 'packet_loss' || what === 'network_delay'),
  );
  return found.map((one) => ({ ...one, calls })).sort((a, b) => (b.now ?? 0) - (a.now ?? 0));
}

/**
 * Lost packets are sent again and again, and an answer waits for the retransmission timer (200 ms and its multiples); a
 * long way only makes every answer late, and by whole seconds once calls depend on each other. So it is loss where many
 * packets are sent again while latency stays below seconds, and delay where latency grows far beyond that.
 */
export function networkKind(state: ClusterState): 'loss' | 'delay' | null {
  const [worst] = networkAnomalies(state);
  if (worst === undefined) return null;
  if (worst.what === 'packet_loss') return 'loss';
  if (worst.what === 'network_delay') return 'delay';
  const latencies = (state.anomalies?.value ?? []).flatMap(({ what, now }) =>
    what === 'latency' && now !== null ? [now] : [],
  );
  const slowest = Math.max(0, ...latencies);
  return (worst.now ?? 0) >= 2 || slowest < 1000 ? 'loss' : 'delay';
}

const network = (cause: ClusterCause, kind: 'loss' | 'delay'): ClusterDetector => ({
  cause,
  find: (state) => {
    const [worst, second] = networkAnomalies(state);
    if (worst === undefined || networkKind(state) !== kind) return [];
    const lead = second === undefined || (worst.now ?? 0) >= 2 * (second.now ?? 0);
    return [{ object: nodeRef(worst.name), points: lead ? 82 : 60, for: worst.calls.slice(0, 8) }];
  },
});

/** Causes that lie in the nodes themselves. */
export const nodeDetectors: readonly ClusterDetector[] = [
  nodeService('kubelet_unavailable', 'kubelet', (state, node) => {
    if (isRuntimeDown(state, node)) return 40;
    const seen = state.nodes.get(node);
    return seen !== undefined && isDown(seen.value) ? 96 : 85;
  }),
  nodeService('containerd_unavailable', 'containerd', () => 95),
  nodeService('kube_proxy_unavailable', 'kube-proxy', (state, node) => {
    const down = state.nodes.get(node);
    return down !== undefined && isDown(down.value) ? 50 : 92;
  }),
  nodeService('kube_scheduler_unavailable', 'kube-scheduler', (state) => (isUnscheduled(state) ? 96 : 80)),
  network('node_network_packet_loss', 'loss'),
  network('node_network_delay', 'delay'),
];
