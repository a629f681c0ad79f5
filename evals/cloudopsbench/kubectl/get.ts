import { z } from 'zod';
import type { ClusterKind, ClusterNode, ClusterObject } from '#incidents/observations-cluster.ts';
import { ownerName } from '#tools/drivers/owner-name.ts';
import { millicores, quantity } from '#tools/drivers/quantity.ts';
import { modesOf, taintOf } from './describe.ts';
import { pairsOf, whole } from './lines.ts';
import { ageOf, tableOf } from './table.ts';

type Row = Readonly<Record<string, string>>;
const none = (text: string | undefined): string | null =>
  text === undefined || text === '' || text === '<none>' || text === '<unset>' ? null : text;
const fraction = (text: string | undefined): [number | null, number | null] => {
  const [a, b] = (text ?? '').split('/');
  return [whole(a), whole(b)];
};
const labelsOf = (row: Row): Record<string, string> | null =>
  row.LABELS === undefined ? null : pairsOf(row.LABELS);

/** The rows of one list in several formats, joined by name: `wide` and `labels` add columns. */
export function rowsOf(texts: readonly string[]): Row[] {
  const rows = new Map<string, Record<string, string>>();
  for (const row of texts.flatMap(tableOf)) {
    if (row.NAME === undefined || row.NAME === '') continue;
    rows.set(row.NAME, { ...rows.get(row.NAME), ...row });
  }
  return [...rows.values()];
}

/** One row of `kubectl get` as a value. Never throws; what is of no known shape is null in it. */
export function listed(
  kind: ClusterKind,
  row: Row,
  type: 'Deployment' | 'StatefulSet' | 'DaemonSet',
): ClusterObject {
  const name = row.NAME ?? '';
  switch (kind) {
    case 'pod':
      return podOf(name, row);
    case 'workload':
      return workloadRow(name, row, type);
    case 'replicaset':
      return {
        kind,
        name,
        app: name.lastIndexOf('-') > 0 ? name.slice(0, name.lastIndexOf('-')) : null,
        desired: whole(row.DESIRED),
        current: whole(row.CURRENT),
        ready: whole(row.READY),
        events: null,
      };
    case 'service':
      return serviceOf(name, row);
    case 'endpoints':
      return {
        kind,
        name,
        addresses: (row.ENDPOINTS ?? '').split(/[,\s]+/).filter((one) => /:\d+$/.test(one)),
      };
    case 'node':
      return nodeRow(name, row);
    case 'quota':
      return { kind, name, lines: [...quotaLines(row.REQUEST), ...quotaLines(row.LIMIT)] };
    case 'pvc':
      return {
        kind,
        name,
        status: none(row.STATUS),
        volume: none(row.VOLUME),
        size: quantity(row.CAPACITY ?? ''),
        modes: none(row['ACCESS MODES']) === null ? null : modesOf(row['ACCESS MODES'] ?? null),
        storageClass: row.STORAGECLASS ?? null,
        selector: null,
        usedBy: null,
        events: null,
      };
    case 'pv':
      return {
        kind,
        name,
        status: none(row.STATUS),
        claim: none(row.CLAIM),
        size: quantity(row.CAPACITY ?? ''),
        modes: none(row['ACCESS MODES']) === null ? null : modesOf(row['ACCESS MODES'] ?? null),
        storageClass: row.STORAGECLASS ?? null,
        labels: labelsOf(row),
      };
    case 'storageclass':
      return { kind, name: name.replace(/ \(default\)$/, ''), provisioner: none(row.PROVISIONER) };
    case 'secret':
    case 'configmap':
    case 'serviceaccount':
      return { kind, name };
  }
}

type WorkloadType = 'Deployment' | 'StatefulSet' | 'DaemonSet';

function workloadRow(name: string, row: Row, type: WorkloadType): ClusterObject {
  const [ready, desired] =
    type === 'DaemonSet' ? [whole(row.READY), whole(row.DESIRED)] : fraction(row.READY);
  return {
    kind: 'workload',
    type,
    name,
    desired,
    ready,
    updated: whole(row['UP-TO-DATE']),
    available: whole(row.AVAILABLE),
    selector: row.SELECTOR === undefined ? null : pairsOf(row.SELECTOR),
    spec: null,
    conditions: null,
    events: null,
  };
}

function podOf(name: string, row: Row): ClusterObject {
  const [ready, total] = fraction(row.READY);
  const labels = labelsOf(row);
  return {
    kind: 'pod',
    name,
    app: ownerName(name, labels ?? {}),
    status: none(row.STATUS),
    ready,
    total,
    restarts: whole(row.RESTARTS),
    restartedS: ageOf(/\((\S+) ago\)/.exec(row.RESTARTS ?? '')?.[1]),
    ageS: ageOf(row.AGE),
    node: none(row.NODE),
    ip: none(row.IP),
    labels,
    spec: null,
    containers: null,
    conditions: null,
    events: null,
  };
}

/** `80:30080/TCP,443/TCP`. */
function serviceOf(name: string, row: Row): ClusterObject {
  const ports = (row['PORT(S)'] ?? '').split(',').flatMap((one) => {
    const found = /^(\d+)(?::\d+)?\/(\w+)$/.exec(one.trim());
    return found === null
      ? []
      : [
          {
            name: null,
            port: Number(found[1]),
            target: null,
            protocol: found[2] ?? 'TCP',
            appProtocol: null,
          },
        ];
  });
  return {
    kind: 'service',
    name,
    clusterIp: none(row['CLUSTER-IP']),
    type: none(row.TYPE),
    selector: row.SELECTOR === undefined ? null : pairsOf(row.SELECTOR),
    labels: labelsOf(row),
    ports,
    endpoints: null,
  };
}

function nodeRow(name: string, row: Row): ClusterObject {
  const states = (row.STATUS ?? '').split(',');
  const node: ClusterNode = {
    kind: 'node',
    name,
    ready: states.includes('Ready') ? 'True' : states.includes('NotReady') ? 'Unknown' : null,
    unschedulable: row.STATUS === undefined ? null : states.includes('SchedulingDisabled'),
    labels: labelsOf(row),
    taints: null,
    allocatable: null,
    requested: null,
    conditions: null,
    events: null,
  };
  return node;
}

/** `requests.cpu: 10/1, pods: 3/10`. */
function quotaLines(text: string | undefined) {
  return (text ?? '').split(',').flatMap((one) => {
    const found = /^\s*([\w./-]+): ([^/\s]+)\/(\S+)\s*$/.exec(one);
    return found === null
      ? []
      : [{ resource: found[1] ?? '', used: quantity(found[2] ?? ''), hard: quantity(found[3] ?? '') }];
  });
}

const ClusterConfiguration = z.object({
  nodes: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      conditions: z.record(z.string(), z.string()).nullish(),
      taints: z.array(z.string()).nullish(),
      labels: z.record(z.string(), z.string()).nullish(),
      allocatable_resources: z.object({ cpu: z.string().nullish(), memory: z.string().nullish() }).nullish(),
    }),
  ),
});

/** The nodes of a recorded cluster configuration; null where it is none. */
export function configuredNodes(text: string): ClusterNode[] | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = ClusterConfiguration.safeParse(json);
  if (!parsed.success) return null;
  return parsed.data.nodes.map((node) => {
    const taints = (node.taints ?? []).flatMap(taintOf);
    const ready = node.status === 'Ready' ? 'True' : node.status === 'Unknown' ? 'Unknown' : 'False';
    return {
      kind: 'node',
      name: node.name,
      ready,
      unschedulable: taints.some(({ key }) => key === 'node.kubernetes.io/unschedulable'),
      labels: node.labels ?? {},
      taints,
      allocatable: {
        cpu: millicores(node.allocatable_resources?.cpu ?? ''),
        memory: quantity(node.allocatable_resources?.memory ?? ''),
      },
      requested: null,
      conditions: Object.entries(node.conditions ?? {}).map(([type, status]) => ({
        type,
        status,
        reason: null,
        message: null,
      })),
      events: null,
    };
  });
}
