import type { CallId } from '#core/ids.ts';
import type { ClusterCause } from '#incidents/cluster-causes.ts';
import type { ClusterNode, Pod, PodSpec } from '#incidents/observations-cluster.ts';
import { appOf, messagesOf, specOf, troubleOf, unique } from './facts.ts';
import { appRef, type ClusterDetector, type ClusterFinding } from './finding.ts';
import type { ClusterState, Seen } from './state.ts';

/** Why the scheduler turned nodes down, with how many of each. */
type Predicate = 'cordoned' | 'taint' | 'selector' | 'anti_affinity' | 'cpu' | 'memory' | 'other';
export type Verdict = { readonly counts: ReadonlyMap<Predicate, number>; readonly nodes: number };

const PREDICATES: readonly (readonly [RegExp, Predicate])[] = [
  [/unschedulable/, 'cordoned'],
  [/untolerated taint|had taint/, 'taint'],
  [/anti-affinity/, 'anti_affinity'],
  [/node affinity\/selector|node selector|Pod's node affinity/, 'selector'],
  [/Insufficient cpu/, 'cpu'],
  [/Insufficient memory/, 'memory'],
];
/** Taints that Kubernetes itself puts on nodes that are in trouble or hold its own parts. */
const OWN_TAINT =
  /^(node\.kubernetes\.io\/|node-role\.kubernetes\.io\/|node\.cloudprovider\.kubernetes\.io\/)/;

/** What the scheduler says of a pod that it cannot place; null where it says nothing. */
export function schedulerVerdict(messages: readonly string[]): Verdict | null {
  const text = messages.find((one) => /^FailedScheduling|\d+\/\d+ nodes are available/.test(one));
  const found = text === undefined ? null : /(\d+)\/(\d+) nodes are available: (.*)/.exec(text);
  if (found === null) return null;
  const counts = new Map<Predicate, number>();
  const [reasons = ''] = (found[3] ?? '').split(/\.?\s*preemption:/);
  for (const reason of reasons.split(/, (?=\d+ )/)) {
    const kind = PREDICATES.find(([words]) => words.test(reason))?.[1] ?? 'other';
    const isOwn = kind === 'taint' && OWN_TAINT.test(/\{([^}:]*)/.exec(reason)?.[1] ?? '');
    const number = Number(/^\s*(\d+) /.exec(reason)?.[1] ?? 0);
    counts.set(isOwn ? 'other' : kind, (counts.get(isOwn ? 'other' : kind) ?? 0) + number);
  }
  return { counts, nodes: Number(found[2]) };
}

type Waiting = {
  readonly app: string;
  readonly verdict: Verdict;
  readonly spec: Seen<PodSpec>;
  readonly calls: readonly CallId[];
};

/** Pods that wait for a node, one of each application, with what the scheduler says of them. */
function waiting(state: ClusterState): Waiting[] {
  const found = new Map<string, Waiting>();
  for (const { value: pod, calls } of state.pods.values()) {
    const app = appOf(pod);
    const verdict = isUnplaced(pod) ? schedulerVerdict(messagesOf(pod, state)) : null;
    const spec = specOf(state, app);
    if (verdict !== null && spec !== null && !found.has(app)) found.set(app, { app, verdict, spec, calls });
  }
  return [...found.values()];
}

export const isUnplaced = (pod: Pod): boolean =>
  pod.node === null && (pod.status === null || pod.status === 'Pending') && troubleOf(pod) !== null;

const labelOf = (node: ClusterNode, key: string): string | undefined =>
  node.labels?.[key] ?? (key === 'kubernetes.io/hostname' ? node.name : undefined);

/** A node that holds the cluster's own parts and takes no others: it is never where a pod was meant to go. */
export function isReserved({ labels, taints, unschedulable }: ClusterNode): boolean {
  const isControl =
    Object.keys(labels ?? {}).some((key) =>
      /^node-role\.kubernetes\.io\/(control-plane|master)$/.test(key),
    ) ||
    labels?.['kubernetes.io/role'] === 'master' ||
    (taints ?? []).some(({ key }) => /^node-role\.kubernetes\.io\/(control-plane|master)$/.test(key));
  const isClosed =
    unschedulable === true || (taints ?? []).some(({ effect }) => effect !== 'PreferNoSchedule');
  return isControl && isClosed;
}

/** Whether a node has what the node selector asks for. */
export function meetsSelector(node: ClusterNode, spec: PodSpec): boolean {
  return Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labelOf(node, key) === value);
}

/** Whether one of the required terms of the node affinity holds. */
export function meetsAffinity(node: ClusterNode, spec: PodSpec): boolean {
  const terms = spec.nodeAffinity ?? [];
  if (terms.length === 0) return true;
  return terms.some((term) =>
    term.every(({ key, operator, values }) => holds(labelOf(node, key), operator, values)),
  );
}

function holds(label: string | undefined, operator: string, values: readonly string[]): boolean {
  switch (operator) {
    case 'In':
      return label !== undefined && values.includes(label);
    case 'NotIn':
      return label === undefined || !values.includes(label);
    case 'Exists':
      return label !== undefined;
    case 'DoesNotExist':
      return label === undefined;
    case 'Gt':
      return label !== undefined && Number(label) > Number(values[0]);
    case 'Lt':
      return label !== undefined && Number(label) < Number(values[0]);
    default:
      return true;
  }
}

type Placing = {
  readonly spec: PodSpec;
  readonly count: (kind: Predicate) => number;
  /** Null while the nodes have not been seen. */
  readonly fitting: readonly ClusterNode[] | null;
  readonly hasSelector: boolean;
  /** Null while the manifest has not been seen: a description does not show it. */
  readonly hasAffinity: boolean | null;
  readonly selectorFits: boolean | null;
};

function placing(state: ClusterState, { spec: { value: spec }, verdict }: Waiting): Placing {
  const all = state.listed.has('node') ? [...state.nodes.values()].map(({ value }) => value) : null;
  const nodes = all?.filter((node) => !isReserved(node)) ?? null;
  const hasAffinity = spec.nodeAffinity === null ? null : spec.nodeAffinity.length > 0;
  return {
    spec,
    count: (kind) => verdict.counts.get(kind) ?? 0,
    hasSelector: Object.keys(spec.nodeSelector ?? {}).length > 0,
    hasAffinity,
    selectorFits: nodes?.some((node) => meetsSelector(node, spec)) ?? null,
    fitting: nodes?.filter((node) => meetsSelector(node, spec) && meetsAffinity(node, spec)) ?? null,
  };
}

type Judge = (placing: Placing) => number;

function scheduling(cause: ClusterCause, judge: Judge): ClusterDetector {
  return {
    cause,
    find: (state) =>
      waiting(state).flatMap((one): ClusterFinding[] => {
        const points = judge(placing(state, one));
        const nodes = state.listed.get('node');
        const calls = unique([...one.calls, ...one.spec.calls, ...(nodes === undefined ? [] : [nodes])]);
        return points <= 0 ? [] : [{ object: appRef(one.app), points, for: calls }];
      }),
  };
}

/** Where the scheduler speaks of labels, whether it is the selector that no node meets. */
const selectorMismatch: Judge = ({ count, hasSelector, selectorFits, hasAffinity }) => {
  if (count('selector') === 0 || !hasSelector) return 0;
  if (selectorFits === null) return 60;
  if (selectorFits) return 0;
  return hasAffinity === true ? 86 : 95;
};

const affinityMismatch: Judge = ({ count, hasSelector, hasAffinity, selectorFits, fitting }) => {
  if (count('selector') === 0 || hasAffinity === false) return 0;
  if (hasAffinity === null) return hasSelector ? (selectorFits === true ? 40 : 0) : 68;
  if (fitting === null) return hasSelector ? 55 : 80;
  return fitting.length === 0 && selectorFits === true ? 95 : 0;
};

/** Nodes with the right labels exist, but each is cordoned. */
const cordonMismatch: Judge = ({ count, fitting, hasSelector, hasAffinity }) => {
  if (count('cordoned') === 0 || fitting === null || fitting.length === 0) return 0;
  if (hasSelector === false && hasAffinity === null) return 0;
  const open = fitting.filter(({ unschedulable }) => unschedulable !== true);
  if (open.length > 0 || fitting.some((node) => foreignTaints(node).length > 0)) return 0;
  return 94;
};

const taintMismatch: Judge = ({ count, fitting, spec }) => {
  const tainted = count('taint');
  if (tainted === 0 || tainted < count('cpu') + count('memory') + count('anti_affinity')) return 0;
  if (fitting === null) return 65;
  const open = fitting.filter(({ unschedulable }) => unschedulable !== true);
  const blocked = open.filter((node) => foreignTaints(node).some((taint) => !tolerates(spec, taint)));
  return blocked.length > 0 ? 95 : 60;
};

type Taint = NonNullable<ClusterNode['taints']>[number];
const foreignTaints = (node: ClusterNode): Taint[] =>
  (node.taints ?? []).filter(({ key, effect }) => !OWN_TAINT.test(key) && effect !== 'PreferNoSchedule');

function tolerates(spec: PodSpec, taint: Taint): boolean {
  return (spec.tolerations ?? []).some(
    ({ key, operator, value, effect }) =>
      (key === null || key === taint.key) &&
      (effect === null || effect === taint.effect) &&
      (operator === 'Exists' || (value ?? '') === (taint.value ?? '')),
  );
}

/** Not enough of one resource: by what the scheduler says, and by what is asked for against what nodes have. */
const capacity =
  (resource: 'cpu' | 'memory'): Judge =>
  ({ count, spec, fitting }) => {
    const other = resource === 'cpu' ? 'memory' : 'cpu';
    if (count(resource) === 0 || count(resource) < count('taint')) return 0;
    if (count(other) === 0) return 95;
    const over = (kind: 'cpu' | 'memory'): boolean =>
      (fitting ?? []).length > 0 &&
      (fitting ?? []).every(
        ({ allocatable }) => wanted(spec, kind) > (allocatable?.[kind] ?? Number.POSITIVE_INFINITY),
      );
    if (over(resource) !== over(other)) return over(resource) ? 92 : 20;
    return count(resource) > count(other) ? 75 : 50;
  };

const wanted = (spec: PodSpec, resource: 'cpu' | 'memory'): number =>
  spec.containers.reduce(
    (sum, { requests, limits, init }) => sum + (init ? 0 : (requests?.[resource] ?? limits?.[resource] ?? 0)),
    0,
  );

const antiAffinity: Judge = ({ count }) =>
  count('anti_affinity') === 0 ? 0 : count('cpu') + count('memory') > count('anti_affinity') ? 50 : 95;

/** Causes that keep a pod from getting a node. */
export const schedulingDetectors: readonly ClusterDetector[] = [
  scheduling('node_selector_mismatch', selectorMismatch),
  scheduling('node_affinity_mismatch', affinityMismatch),
  scheduling('node_cordon_mismatch', cordonMismatch),
  scheduling('taint_toleration_mismatch', taintMismatch),
  scheduling('cpu_capacity_mismatch', capacity('cpu')),
  scheduling('memory_capacity_mismatch', capacity('memory')),
  scheduling('pod_anti_affinity_conflict', antiAffinity),
];
