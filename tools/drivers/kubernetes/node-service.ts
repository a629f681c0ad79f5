import type { ClusterNode, NodeService, NodeServiceName } from '#incidents/observations-cluster.ts';
import type { Seen } from '../seen.ts';
import { objectsOf } from './kinds.ts';
import type { Lister } from './lister.ts';
import { WirePod } from './wire-pod.ts';

type Query = { readonly node: string; readonly service: NodeServiceName };
type Verdict = Pick<NodeService, 'state' | 'detail'>;

/**
 * How a service of a node is doing, as far as the API shows it: kubelet and container runtime by what the node reports of
 * itself, the others by their pods. Where they run without pods, as in most managed clusters, that is a gap.
 */
export async function nodeServiceOf(
  list: Lister,
  { node, service }: Query,
  signal: AbortSignal,
): Promise<Seen<NodeService>> {
  const verdict =
    service === 'kubelet' || service === 'containerd'
      ? await byNode(list, { node, service }, signal)
      : await byPods(list, { node, service }, signal);
  if (verdict.kind === 'gap') return verdict;
  return { kind: 'seen', value: { node, service, ...verdict.value } };
}

async function byNode(list: Lister, { node, service }: Query, signal: AbortSignal): Promise<Seen<Verdict>> {
  const seen = await objectsOf(list, { namespace: '', kind: 'node', name: node }, signal);
  if (seen.kind === 'gap') return seen;
  const found = seen.value.objects[0];
  if (found?.kind !== 'node') return { kind: 'gap', reason: 'no_data', detail: `there is no node ${node}` };
  return { kind: 'seen', value: service === 'kubelet' ? kubelet(found) : runtime(found) };
}

/** A kubelet that is up reports every few seconds; of one that does not, the cluster says that it does not know. */
function kubelet({ conditions }: ClusterNode): Verdict {
  const ready = conditions?.find(({ type }) => type === 'Ready');
  const detail = `${ready?.reason ?? 'no report'}: ${ready?.message ?? ''}`;
  if (ready?.status === 'Unknown') return { state: 'inactive', detail };
  return { state: ready === undefined ? 'unknown' : 'active', detail };
}

function runtime({ conditions }: ClusterNode): Verdict {
  const ready = conditions?.find(({ type }) => type === 'Ready');
  const detail = `${ready?.reason ?? 'no report'}: ${ready?.message ?? ''}`;
  if (ready?.status === 'True') return { state: 'active', detail };
  return { state: /runtime.*(down|not ready)/i.test(ready?.message ?? '') ? 'inactive' : 'unknown', detail };
}

async function byPods(list: Lister, { node, service }: Query, signal: AbortSignal): Promise<Seen<Verdict>> {
  const at = { base: '/api/v1', resource: 'pods', namespace: 'kube-system', shape: WirePod };
  const seen = await list.all({ ...at, fields: `spec.nodeName=${node}` }, signal);
  if (seen.kind === 'gap') return seen;
  const own = seen.value.items.filter(({ metadata: { labels } }) =>
    [labels['k8s-app'], labels.component].includes(service),
  );
  const [first] = own;
  if (first === undefined)
    return { kind: 'gap', reason: 'no_data', detail: `no pod on ${node} is its ${service}` };
  const isUp = own.some(({ status }) => status.containerStatuses.some(({ ready }) => ready === true));
  const detail = `${first.metadata.name}: ${first.status.phase ?? 'no phase'}`;
  return { kind: 'seen', value: { state: isUp ? 'active' : 'inactive', detail } };
}
