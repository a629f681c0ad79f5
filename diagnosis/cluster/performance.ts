import type { Anomaly } from '#incidents/observations-cluster.ts';
import { appRef, type ClusterDetector, type ClusterFinding } from './finding.ts';
import { networkAnomalies } from './nodes.ts';
import type { ClusterState } from './state.ts';

const ratio = ({ normal, now }: Anomaly): number =>
  now === null ? 0 : normal === null || normal === 0 ? now : now / normal;

const appAnomalies = (state: ClusterState, what: readonly Anomaly['what'][]): Anomaly[] =>
  (state.anomalies?.value ?? []).filter((one) => one.kind === 'app' && what.includes(one.what));

/** An application that is held back at its cpu limit, or needs far more than it did. */
const cpuOverload: ClusterDetector = {
  cause: 'pod_cpu_overload',
  find: (state) => {
    const found = new Map<string, ClusterFinding>();
    const calls = state.anomalies?.calls ?? [];
    const throttled = appAnomalies(state, ['cpu_throttled']);
    const worst = Math.max(0, ...throttled.map(({ now }) => now ?? 0));
    for (const { name, now } of throttled) {
      const busy = appAnomalies(state, ['cpu_use']).some((one) => one.name === name);
      const leads = (now ?? 0) >= worst;
      found.set(name, { object: appRef(name), points: leads ? (busy ? 92 : 84) : 55, for: calls });
    }
    for (const one of appAnomalies(state, ['cpu_use'])) {
      if (found.has(one.name)) continue;
      found.set(one.name, {
        object: appRef(one.name),
        points: ratio(one) >= 3 && worst === 0 ? 74 : 35,
        for: calls,
      });
    }
    return [...found.values()];
  },
};

/** Slower by far than everything else while no node, cpu or dependency is in trouble: its own network. */
const networkDelay: ClusterDetector = {
  cause: 'pod_network_delay',
  find: (state) => {
    if (networkAnomalies(state).length > 0 || appAnomalies(state, ['cpu_throttled', 'cpu_use']).length > 0)
      return [];
    const own = appAnomalies(state, ['network_delay', 'retransmissions', 'packet_loss']);
    const calls = state.anomalies?.calls ?? [];
    const [worst] = own.sort((a, b) => (b.now ?? 0) - (a.now ?? 0));
    if (worst !== undefined) return [{ object: appRef(worst.name), points: 84, for: calls }];
    const origin = slowOrigin(state);
    return origin === null ? [] : [{ object: appRef(origin), points: 72, for: calls }];
  },
};

/** The slow application that calls no other slow one, where there is exactly one and it is known whom it calls. */
function slowOrigin(state: ClusterState): string | null {
  const slow = new Set(appAnomalies(state, ['latency']).map(({ name }) => name));
  const edges = [...state.dependencies.values()].flatMap(({ value }) => value.edges);
  if (slow.size === 0 || edges.length === 0) return null;
  const origins = [...slow].filter((app) => !edges.some(({ from, to }) => from === app && slow.has(to)));
  return origins.length === 1 ? (origins[0] ?? null) : null;
}

/** Causes that make what runs slow. */
export const performanceDetectors: readonly ClusterDetector[] = [cpuOverload, networkDelay];
