import type {
  ClusterEvent,
  ClusterKind,
  ClusterNode,
  ClusterObject,
  ClusterService,
  Pod,
  PodSpec,
  Pvc,
} from '#incidents/observations-cluster.ts';
import { ownerName } from '#tools/drivers/owner-name.ts';
import { millicores, quantity } from '#tools/drivers/quantity.ts';
import { containerSpecs, containersSeen, tolerationsOf, volumesOf } from './describe-containers.ts';
import { type Line, linesOf, pairs, section, whole, word } from './lines.ts';
import { ageOf, tableOf } from './table.ts';

const MODES = { RWO: 'RWO', ROX: 'ROX', RWX: 'RWX', RWOP: 'RWOP' } as const;
const isMode = (text: string): text is keyof typeof MODES => text in MODES;
/** `RWO,ROX`. */
export const modesOf = (text: string | null): Pvc['modes'] =>
  text === null
    ? null
    : text.split(',').flatMap((one) => (isMode(one.trim()) ? [MODES[one.trim() as keyof typeof MODES]] : []));

/** An object as `kubectl describe` writes it; null where the text is of no known kind or has no name. Never throws. */
export function described(kind: ClusterKind, text: string): ClusterObject | null {
  const lines = linesOf(text);
  const name = lines.length === 0 ? null : word(lines, 'Name');
  if (name === null) return null;
  switch (kind) {
    case 'pod':
      return podOf(name, lines);
    case 'workload':
      return workloadOf(name, lines);
    case 'replicaset':
      return replicaSetOf(name, lines);
    case 'service':
      return serviceOf(name, lines);
    case 'endpoints':
      return null;
    case 'node':
      return nodeOf(name, lines);
    case 'quota':
      return { kind, name, lines: quotaLines(section(lines, 'Resource')?.lines ?? [], text) };
    case 'pvc':
      return pvcOf(name, lines);
    case 'pv':
      return {
        kind,
        name,
        status: word(lines, 'Status'),
        claim: word(lines, 'Claim'),
        size: sizeOf(word(lines, 'Capacity')),
        modes: modesOf(word(lines, 'Access Modes')),
        storageClass: section(lines, 'StorageClass')?.value ?? null,
        labels: pairs(lines, 'Labels'),
      };
    case 'storageclass':
      return { kind, name, provisioner: word(lines, 'Provisioner') };
    case 'secret':
    case 'configmap':
    case 'serviceaccount':
      return { kind, name };
  }
}

const sizeOf = (text: string | null): number | null => (text === null ? null : quantity(text));

/** The table of events at the end of a description. */
export function eventsOf(lines: readonly Line[]): ClusterEvent[] | null {
  const found = section(lines, 'Events');
  if (found === null) return null;
  const depth = found.lines[0]?.depth ?? 0;
  const text = found.lines.map((line) => ' '.repeat(Math.max(0, line.depth - depth)) + line.text).join('\n');
  return tableOf(text)
    .filter(({ Type }) => Type === 'Normal' || Type === 'Warning')
    .map(({ Type, Reason = '', Message = '', Age = '' }) => ({
      about: null,
      warning: Type === 'Warning',
      reason: Reason,
      message: Message,
      count: whole(/x(\d+)/.exec(Age)?.[1]) ?? 1,
      ageS: ageOf(Age.split(' ')[0]),
    }));
}

function conditionsOf(lines: readonly Line[]): Pod['conditions'] {
  const found = section(lines, 'Conditions');
  if (found === null) return null;
  const rows = found.lines.filter(({ text }) => !/^(Type\s|----)/.test(text));
  return rows.map(({ text }) => {
    const [type = '', status = '', ...rest] = text.split(/\s{2,}/);
    const words = rest.filter((one) => !/^\w{3}, \d\d /.test(one));
    return { type, status: status.trim(), reason: words[0] ?? null, message: words[1] ?? null };
  });
}

function podSpecOf(lines: readonly Line[]): PodSpec {
  const containers = section(lines, 'Containers')?.lines ?? [];
  const init = section(lines, 'Init Containers')?.lines ?? [];
  const node = word(lines, 'Node');
  return {
    serviceAccount: word(lines, 'Service Account'),
    dnsPolicy: null,
    nodeName: node?.split('/')[0] ?? null,
    nodeSelector: pairs(lines, 'Node-Selectors'),
    nodeAffinity: null,
    podAntiAffinity: null,
    tolerations: tolerationsOf(lines),
    pullSecrets: null,
    runAsUser: null,
    containers: [...containerSpecs(init, true), ...containerSpecs(containers, false)],
    volumes: volumesOf(lines),
  };
}

function podOf(name: string, lines: readonly Line[]): Pod {
  const labels = pairs(lines, 'Labels') ?? {};
  const seen = [
    ...containersSeen(section(lines, 'Init Containers')?.lines ?? [], true),
    ...containersSeen(section(lines, 'Containers')?.lines ?? [], false),
  ];
  const own = seen.filter(({ init }) => !init);
  return {
    kind: 'pod',
    name,
    app: ownerName(name, labels),
    status: null,
    ready: own.every(({ ready }) => ready === null) ? null : own.filter(({ ready }) => ready).length,
    total: own.length,
    restarts: own.reduce<number | null>(
      (sum, { restarts }) => (restarts === null ? sum : (sum ?? 0) + restarts),
      null,
    ),
    restartedS: null,
    ageS: null,
    node: word(lines, 'Node')?.split('/')[0] ?? null,
    ip: word(lines, 'IP'),
    labels,
    spec: podSpecOf(lines),
    containers: seen,
    conditions: conditionsOf(lines),
    events: eventsOf(lines),
  };
}

function workloadOf(name: string, lines: readonly Line[]): ClusterObject {
  const replicas = word(lines, 'Replicas') ?? '';
  const count = (what: string): number | null => whole(new RegExp(`(\\d+) ${what}`).exec(replicas)?.[1]);
  const template = section(lines, 'Pod Template')?.lines ?? [];
  return {
    kind: 'workload',
    type: 'Deployment',
    name,
    desired: count('desired'),
    ready: null,
    updated: count('updated'),
    available: count('available'),
    selector: pairs(lines, 'Selector'),
    spec: template.length === 0 ? null : podSpecOf(template),
    conditions: conditionsOf(lines),
    events: eventsOf(lines),
  };
}

function replicaSetOf(name: string, lines: readonly Line[]): ClusterObject {
  const replicas = word(lines, 'Replicas') ?? '';
  const owner = /^\w+\/(\S+)$/.exec(word(lines, 'Controlled By') ?? '')?.[1] ?? null;
  return {
    kind: 'replicaset',
    name,
    app: owner,
    desired: whole(/(\d+) desired/.exec(replicas)?.[1]),
    current: whole(/(\d+) current/.exec(replicas)?.[1]),
    ready: null,
    events: eventsOf(lines),
  };
}

/** `grpc  5050/TCP` and, below it, `5050/TCP`: the ports of a service stand in pairs. */
function servicePorts(lines: readonly Line[]): ClusterService['ports'] {
  const ports: NonNullable<ClusterService['ports']> = [];
  for (const { text } of lines) {
    const port = /^Port:\s+(\S+)\s+(\d+)\/(\w+)$/.exec(text);
    if (port !== null) {
      const name = port[1] === '<unset>' ? null : (port[1] ?? null);
      ports.push({
        name,
        port: Number(port[2]),
        target: null,
        protocol: port[3] ?? 'TCP',
        appProtocol: null,
      });
    }
    const target = /^TargetPort:\s+([\w-]+)\//.exec(text)?.[1];
    const last = ports.at(-1);
    if (target !== undefined && last !== undefined)
      last.target = /^\d+$/.test(target) ? Number(target) : target;
  }
  return ports;
}

function serviceOf(name: string, lines: readonly Line[]): ClusterService {
  const endpoints = word(lines, 'Endpoints');
  return {
    kind: 'service',
    name,
    clusterIp: word(lines, 'IP'),
    type: word(lines, 'Type'),
    selector: pairs(lines, 'Selector'),
    labels: pairs(lines, 'Labels'),
    ports: servicePorts(lines),
    // An address without a port: pods are selected, but none of them has the port.
    endpoints: (endpoints ?? '').split(',').flatMap((one) => (one.includes(':') ? [one.trim()] : [])),
  };
}

function nodeOf(name: string, lines: readonly Line[]): ClusterNode {
  const conditions = conditionsOf(lines);
  const ready = conditions?.find(({ type }) => type === 'Ready')?.status;
  const taints = section(lines, 'Taints');
  const texts = taints === null ? [] : [taints.value, ...taints.lines.map(({ text }) => text)];
  const allocatable = section(lines, 'Allocatable')?.lines ?? [];
  const allocated = tableOf(
    (section(lines, 'Allocated resources')?.lines ?? [])
      .filter(({ text }) => !text.startsWith('('))
      .map(({ text }) => text)
      .join('\n'),
  );
  const requested = (resource: string): string =>
    (allocated.find((row) => row.Resource === resource)?.Requests ?? '').split(' ')[0] ?? '';
  return {
    kind: 'node',
    name,
    ready: ready === 'True' || ready === 'False' || ready === 'Unknown' ? ready : null,
    unschedulable: word(lines, 'Unschedulable') === null ? null : word(lines, 'Unschedulable') === 'true',
    labels: pairs(lines, 'Labels'),
    taints: taints === null ? null : texts.flatMap(taintOf),
    allocatable: {
      cpu: millicores(word(allocatable, 'cpu') ?? ''),
      memory: quantity(word(allocatable, 'memory') ?? ''),
    },
    requested: { cpu: millicores(requested('cpu')), memory: quantity(requested('memory')) },
    conditions,
    events: eventsOf(lines),
  };
}

/** `key=value:NoSchedule`. */
export function taintOf(text: string): NonNullable<ClusterNode['taints']> {
  const colon = text.lastIndexOf(':');
  if (colon < 1) return [];
  const [key = '', value] = text.slice(0, colon).split('=');
  return [{ key, value: value === undefined || value === '' ? null : value, effect: text.slice(colon + 1) }];
}

function quotaLines(below: readonly Line[], text: string) {
  const rows = below.length > 0 ? below.map((line) => line.text) : text.split('\n');
  return rows.flatMap((row) => {
    const found = /^([a-z][\w./-]*)\s+(\S+)\s+(\S+)$/.exec(row.trim());
    if (found === null) return [];
    return [{ resource: found[1] ?? '', used: quantity(found[2] ?? ''), hard: quantity(found[3] ?? '') }];
  });
}

function pvcOf(name: string, lines: readonly Line[]): Pvc {
  const users = section(lines, 'Used By');
  return {
    kind: 'pvc',
    name,
    status: word(lines, 'Status'),
    volume: word(lines, 'Volume'),
    size: sizeOf(word(lines, 'Capacity')),
    modes: modesOf(word(lines, 'Access Modes')),
    storageClass: section(lines, 'StorageClass')?.value ?? null,
    selector: null,
    usedBy:
      users === null
        ? null
        : [users.value, ...users.lines.map(({ text }) => text)].filter(
            (one) => one !== '' && one !== '<none>',
          ),
    events: eventsOf(lines),
  };
}
