import type { Inventory } from '#incidents/inventory.ts';
import type { Assessment } from '../assessment.ts';
import type { Evidence } from '../evidence.ts';
import type { About } from '../scene.ts';
import { concerns } from './concerns.ts';
import { clusterDetectors } from './detectors.ts';
import type { ClusterFinding } from './finding.ts';
import { type ClusterState, clusterState } from './state.ts';
import { troubled } from './trouble.ts';

/** Nothing that was only looked at is certain. */
const CEILING = 97;

/** The cluster that the paged service or system runs in, as far as it was seen; null where the config names none. */
export function clusterOf(evidence: Evidence, inventory: Inventory, { service }: About): ClusterState | null {
  const cluster = inventory.services.get(service)?.cluster;
  if (cluster === undefined) return null;
  return clusterState(evidence.cluster, { scope: service, namespace: cluster.namespace });
}

/** Every cause that a detector sees in a cluster, and, as `unknown`, where the trouble is. */
export function assessCluster(state: ClusterState, inventory: Inventory): Assessment[] {
  const without = inventory.withoutCauses;
  const named = clusterDetectors
    .filter(({ cause }) => !without?.has(cause))
    .flatMap(({ cause, find }) => find(state).map((finding) => assessment(state, finding, cause)));
  const unknown = troubled(state).map((finding) => assessment(state, finding, 'unknown'));
  const isAbout = concerns(state, { inventory, service: state.scope });
  return [...named, ...unknown].filter(({ object }) => object !== undefined && isAbout(object));
}

function assessment(state: ClusterState, finding: ClusterFinding, cause: Assessment['cause']): Assessment {
  const confidence = Math.min(CEILING, Math.max(0, Math.round(finding.points)));
  return {
    cause,
    service: state.scope,
    object: finding.object,
    confidence,
    potential: confidence,
    ruledOut: false,
    for: finding.for,
    against: finding.against ?? [],
    wants: [],
  };
}
