import { unreachable } from '#core/errors.ts';
import type { ClusterKind, ClusterObject } from '#incidents/observations-cluster.ts';
import type { Seen } from '../seen.ts';
import type { Lister } from './lister.ts';
import {
  endpointsOf,
  nodeOf,
  pvcOf,
  pvOf,
  quotaOf,
  replicaSetOf,
  serviceOf,
  workloadOf,
} from './to-objects.ts';
import { podOf } from './to-pod.ts';
import { Named } from './wire.ts';
import {
  WireEndpoints,
  WireNode,
  WirePv,
  WirePvc,
  WireQuota,
  WireReplicaSet,
  WireService,
  WireStorageClass,
  WireWorkload,
} from './wire-objects.ts';
import { WirePod } from './wire-pod.ts';

export type Listed = { objects: readonly ClusterObject[]; truncated: boolean };
/** Left out `name` = all of them. */
type What = { readonly namespace: string; readonly kind: ClusterKind; readonly name?: string };

/** All objects of a kind, or the one of a name. */
export async function objectsOf(
  list: Lister,
  { namespace, kind, name }: What,
  signal: AbortSignal,
): Promise<Seen<Listed>> {
  const core = { base: '/api/v1', namespace, name };
  const apps = { base: '/apis/apps/v1', namespace, name };
  const { now } = list;
  switch (kind) {
    case 'pod':
      return list.each({ ...core, resource: 'pods', shape: WirePod, to: (one) => podOf(one, now()) }, signal);
    case 'workload':
      return workloads(list, { namespace, name }, signal);
    case 'replicaset':
      return list.each({ ...apps, resource: 'replicasets', shape: WireReplicaSet, to: replicaSetOf }, signal);
    case 'service':
      return list.each({ ...core, resource: 'services', shape: WireService, to: serviceOf }, signal);
    case 'endpoints':
      return list.each({ ...core, resource: 'endpoints', shape: WireEndpoints, to: endpointsOf }, signal);
    case 'node':
      return list.each({ ...core, namespace: null, resource: 'nodes', shape: WireNode, to: nodeOf }, signal);
    case 'quota':
      return list.each({ ...core, resource: 'resourcequotas', shape: WireQuota, to: quotaOf }, signal);
    case 'pvc':
      return list.each({ ...core, resource: 'persistentvolumeclaims', shape: WirePvc, to: pvcOf }, signal);
    case 'pv':
      return list.each(
        { ...core, namespace: null, resource: 'persistentvolumes', shape: WirePv, to: pvOf },
        signal,
      );
    case 'storageclass':
      return list.each(
        {
          ...{ base: '/apis/storage.k8s.io/v1', namespace: null, name, resource: 'storageclasses' },
          shape: WireStorageClass,
          to: ({ metadata, provisioner }) => ({ kind, name: metadata.name, provisioner }),
        },
        signal,
      );
    case 'secret':
    case 'configmap':
    case 'serviceaccount':
      return list.each(
        {
          ...{ ...core, resource: `${kind}s`, shape: Named, namesOnly: true },
          to: ({ metadata }) => ({ kind, name: metadata.name }),
        },
        signal,
      );
    default:
      return unreachable(kind);
  }
}

const TYPES = [
  ['deployments', 'Deployment'],
  ['statefulsets', 'StatefulSet'],
  ['daemonsets', 'DaemonSet'],
] as const;

/** Deployments, stateful sets and daemon sets together; a gap when one of them may not be seen. */
async function workloads(
  list: Lister,
  at: { namespace: string; name: string | undefined },
  signal: AbortSignal,
): Promise<Seen<Listed>> {
  const all = await Promise.all(
    TYPES.map(([resource, type]) =>
      list.each(
        {
          ...{ base: '/apis/apps/v1', ...at, resource, shape: WireWorkload },
          to: (one) => workloadOf(one, type),
        },
        signal,
      ),
    ),
  );
  const objects: ClusterObject[] = [];
  let truncated = false;
  for (const seen of all) {
    // One of a name is of one of the three types.
    if (seen.kind === 'gap' && at.name !== undefined && seen.reason === 'no_data') continue;
    if (seen.kind === 'gap') return seen;
    objects.push(...seen.value.objects);
    truncated ||= seen.value.truncated;
  }
  if (at.name !== undefined && objects.length === 0)
    return { kind: 'gap', reason: 'no_data', detail: `there is no workload ${at.name}` };
  return { kind: 'seen', value: { objects, truncated } };
}
