import type { ClusterRead } from '../read.ts';
import type { Stage } from './stage.ts';
import {
  downNodes,
  failing,
  missingPods,
  overview,
  placing,
  runtimes,
  shared,
  sickPods,
  switchedOff,
  volumes,
} from './stages-pods.ts';
import {
  blamed,
  callers,
  crooked,
  entrance,
  erring,
  measurements,
  mentioned,
  nodes,
  oddRoutes,
  proxies,
  slowPart,
  traffic,
  unserved,
} from './stages-traffic.ts';
import type { ClusterState } from './state.ts';

/**
 * What to look at next, most telling first. What is in trouble is looked at before what might be: pods and what they should
 * be; then each sick application and what it waits for; then the way of the traffic; then measurements, nodes and the
 * applications at the entrance. A stage is left when nothing of it is open; looks already taken are left to the caller.
 */
export function clusterReads(
  state: ClusterState,
  done: ReadonlySet<string>,
  keyOf: (read: ClusterRead) => string,
): ClusterRead[] {
  for (const stage of STAGES) {
    const open = stage(state)
      .map((look): ClusterRead => ({ ...look, service: state.scope }))
      .filter((read) => !done.has(keyOf(read)));
    if (open.length > 0) return open;
  }
  return [];
}

const STAGES: readonly Stage[] = [
  overview,
  switchedOff,
  shared,
  downNodes,
  missingPods,
  sickPods,
  placing,
  volumes,
  failing,
  runtimes,
  traffic,
  unserved,
  oddRoutes,
  measurements,
  slowPart,
  entrance,
  blamed,
  mentioned,
  crooked,
  erring,
  nodes,
  downNodes,
  proxies,
  callers,
];
