import { z } from 'zod';
import { keyTakenBack } from '#approvals/permit.ts';
import type { Service } from '#incidents/inventory.ts';
import { type CordonDriver, type CordonOrder, type CordonSeen, LEAST_OTHERS } from '../cordon-port.ts';
import type { ChangeOutcome, Seen } from '../ports.ts';
import { outcomeOf } from './apply.ts';
import { type Ask, badAnswer, readAs } from './client.ts';
import { pathOf } from './lister.ts';
import { KEYS, keysIn, MOST_KEYS } from './plan-change.ts';
import { labelsOf, type Reach, targetOf } from './target.ts';
import { listed, Meta, opt } from './wire.ts';
import { WirePod } from './wire-pod.ts';

const Node = z.object({
  metadata: Meta,
  spec: z
    .object({ unschedulable: opt(z.boolean()), taints: listed(z.object({ effect: z.string() })) })
    .prefault({}),
  status: z.object({ conditions: listed(z.object({ type: z.string(), status: z.string() })) }).prefault({}),
});
type Node = z.infer<typeof Node>;

const NODES = { base: '/api/v1', namespace: null, resource: 'nodes' } as const;
/** How often a write is made anew because only the node's state moved, as it does with every sign of life. */
const ATTEMPTS = 4;

/**
 * Cordons nodes through the API server. The patch holds for one uid and one resource version alone, carries the whole
 * annotations that were read with them, and leaves its key behind in the same write.
 */
export function createCordon(reach: Reach): CordonDriver {
  return {
    dryRun: (service, node, signal) => dryRun(reach, { service, node }, signal),
    apply: (order, signal) => apply(reach, order, signal),
    settle: (key, signal) => settle(reach, key, signal),
    manual: (node) => `kubectl cordon ${node}`,
  };
}

const askFor = (name: string, verb: 'get' | 'patch'): Ask => ({
  path: pathOf({ ...NODES, name }),
  verb,
  resource: 'nodes',
});

async function nodeNamed({ client }: Reach, name: string, signal: AbortSignal): Promise<Seen<Node>> {
  const ask = askFor(name, 'get');
  return readAs(await client.get(ask, signal), ask, Node);
}

async function dryRun(
  reach: Reach,
  { service, node: name }: { service: Service; node: string },
  signal: AbortSignal,
): Promise<Seen<CordonSeen>> {
  const [node, nodes, pods] = await Promise.all([
    nodeNamed(reach, name, signal),
    reach.list.all({ ...NODES, shape: Node }, signal),
    podsOn(reach, { service, node: name }, signal),
  ]);
  const gap = [node, nodes, pods].find((one) => one.kind === 'gap');
  if (node.kind === 'gap' || nodes.kind === 'gap' || pods.kind === 'gap')
    return gap?.kind === 'gap' ? gap : badAnswer('nothing was seen');
  const others = othersOf(nodes.value.items, name);
  const ask = { ...askFor(name, 'patch'), query: { dryRun: 'All', fieldManager: 'firebreak' } };
  const operations = patchOf(node.value, { back: false, key: null });
  const shown = readAs(await reach.client.patch(ask, operations, signal), ask, Node);
  if (shown.kind === 'gap') return shown;
  const { uid } = node.value.metadata;
  if (shown.value.spec.unschedulable !== true || shown.value.metadata.uid !== uid)
    return badAnswer('the dry run shows another change than was asked for');
  const cordoned = node.value.spec.unschedulable === true;
  const now = await nodeNamed(reach, name, signal);
  if (now.kind === 'gap') return now;
  if ((now.value.spec.unschedulable === true) !== cordoned || now.value.metadata.uid !== uid)
    return badAnswer('the node changed while it was looked at');
  return { kind: 'seen', value: { uid, cordoned, pods: pods.value, others } };
}

/** How many pods of the service's deployment are on the node. */
async function podsOn(
  reach: Reach,
  { service, node }: { service: Service; node: string },
  signal: AbortSignal,
): Promise<Seen<number>> {
  const target = await targetOf(reach, service, signal);
  if (target.kind === 'gap') return target;
  const pods = await reach.list.all(
    {
      ...{ base: '/api/v1', namespace: reach.namespace, resource: 'pods', shape: WirePod },
      ...{ labels: labelsOf(target.value), fields: `spec.nodeName=${node}` },
    },
    signal,
  );
  return pods.kind === 'gap' ? pods : { kind: 'seen', value: pods.value.items.length };
}

function othersOf(nodes: readonly Node[], name: string): number {
  return nodes.filter((one) => one.metadata.name !== name && takesPods(one)).length;
}

/** A node that is kept for pods that say so, as those of the control plane are, takes none of a service's. */
function takesPods({ spec, status }: Node): boolean {
  const isReady = status.conditions.some((one) => one.type === 'Ready' && one.status === 'True');
  const isKept = spec.taints.some(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute');
  return isReady && !isKept && spec.unschedulable !== true;
}

function patchOf(
  { metadata }: Node,
  { back, key }: { back: boolean; key: string | null },
): readonly object[] {
  const { uid, resourceVersion, annotations } = metadata;
  const keys = [...keysIn(annotations), ...(key === null ? [] : [key])].slice(-MOST_KEYS).join(' ');
  return [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
    { op: 'add', path: '/metadata/annotations', value: { ...annotations, [KEYS]: keys } },
    { op: 'add', path: '/spec/unschedulable', value: !back },
  ];
}

async function apply(reach: Reach, order: CordonOrder, signal: AbortSignal): Promise<ChangeOutcome> {
  const { node: name, back, key } = order;
  const started = reach.clock.mono();
  for (let attempt = 1; ; attempt += 1) {
    const node = await nodeNamed(reach, name, signal);
    if (node.kind === 'gap') {
      const reason = node.reason === 'refused' ? 'unauthorised' : 'not_found';
      return { kind: 'refused', reason, detail: node.detail };
    }
    const generation = back ? 0 : 1;
    if (keysIn(node.value.metadata.annotations).includes(key)) return { kind: 'done', generation, tookMs: 0 };
    const why = movedOn(node.value, order) ?? (back ? undefined : await tooFew(reach, name, signal));
    if (why !== undefined) return { kind: 'refused', reason: 'generation', detail: why };
    const ask = { ...askFor(name, 'patch'), query: { fieldManager: 'firebreak' } };
    const answer = await reach.client.patch(ask, patchOf(node.value, { back, key }), signal);
    if (answer.kind === 'answer' && answer.status === 409 && attempt < ATTEMPTS) continue;
    const outcome = outcomeOf(answer, { shape: Node, key, resource: 'nodes' });
    if (outcome.kind !== 'done') return outcome;
    return { kind: 'done', generation, tookMs: Math.round(reach.clock.mono() - started) };
  }
}

/** Other nodes may have gone, or been cordoned, since people decided. */
async function tooFew(reach: Reach, name: string, signal: AbortSignal): Promise<string | undefined> {
  const nodes = await reach.list.all({ ...NODES, shape: Node }, signal);
  if (nodes.kind === 'gap') return `the other nodes cannot be seen: ${nodes.detail}`;
  const others = othersOf(nodes.value.items, name);
  return others < LEAST_OTHERS ? `only ${others} other nodes would take pods` : undefined;
}

/** Why the node is not as the order needs it; a cordon is only ours to take back while nobody has touched it since. */
function movedOn({ metadata, spec }: Node, { back, key }: CordonOrder): string | undefined {
  const isCordoned = spec.unschedulable === true;
  if (!back) return isCordoned ? 'somebody cordoned the node already' : undefined;
  if (!isCordoned) return 'somebody uncordoned the node already';
  return keysIn(metadata.annotations).at(-1) === keyTakenBack(key)
    ? undefined
    : 'the node was changed since by another order';
}

/** An order names its node, its key does not: every node is looked at. */
async function settle(
  reach: Reach,
  key: string,
  signal: AbortSignal,
): Promise<'happened' | 'did_not_happen' | 'unknown'> {
  const nodes = await reach.list.all({ ...NODES, shape: Node }, signal);
  if (nodes.kind === 'gap') return 'unknown';
  const { items, truncated } = nodes.value;
  if (items.some(({ metadata }) => keysIn(metadata.annotations).includes(key))) return 'happened';
  const isForgotten = items.some(({ metadata }) => keysIn(metadata.annotations).length >= MOST_KEYS);
  return truncated || isForgotten ? 'unknown' : 'did_not_happen';
}
