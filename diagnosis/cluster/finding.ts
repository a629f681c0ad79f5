import type { CallId } from '#core/ids.ts';
import type { ClusterCause, ClusterRef } from '#incidents/cluster-causes.ts';
import type { ClusterState } from './state.ts';

/**
 * What one detector says of one thing: how sure it is (0..97), by which looks. Below 70 it names a possibility, and what
 * could settle it is looked at next.
 */
export type ClusterFinding = {
  readonly object: ClusterRef;
  readonly points: number;
  readonly for: readonly CallId[];
  readonly against?: readonly CallId[];
};

/** How one cause shows in a cluster. `find` is pure, and says nothing about what it has not seen. */
export type ClusterDetector = {
  readonly cause: ClusterCause;
  readonly find: (state: ClusterState) => readonly ClusterFinding[];
};

export const appRef = (name: string): ClusterRef => `app:${name}`;
export const nodeRef = (name: string): ClusterRef => `node:${name}`;
export const namespaceRef = (name: string): ClusterRef => `namespace:${name}`;
