import type { ClusterKind } from '#incidents/observations-cluster.ts';
import type { ClusterLook } from '../read.ts';
import type { ClusterState } from './state.ts';

/** Looks that belong together at this point; those already taken are left to the caller. */
export type Stage = (state: ClusterState) => ClusterLook[];

/** More applications in trouble than this point at something that they share. */
export const MANY = 3;

export const list = (kind: ClusterKind): ClusterLook => ({ tool: 'k8s_list', args: { kind } });
export const describe = (kind: ClusterKind, name: string): ClusterLook => ({
  tool: 'k8s_describe',
  args: { kind, name },
});
export const manifest = (app: string): ClusterLook => ({ tool: 'k8s_manifest', args: { app } });
export const logs = (app: string): ClusterLook => ({ tool: 'pod_logs', args: { app } });
