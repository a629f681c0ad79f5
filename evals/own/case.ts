import { readdir, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ClusterCause, ClusterRef } from '#incidents/cluster-causes.ts';
import {
  Anomaly,
  ClusterEvent,
  ClusterKind,
  ClusterLogs,
  ClusterName,
  ClusterObject,
  NodeServiceName,
} from '#incidents/observations-cluster.ts';
import { ServiceCase } from './service-case.ts';

/** What a case may leave out of an object: nothing is known of it. */
const BLANK: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  pod: {
    ...{ app: null, status: 'Running', ready: 1, total: 1, restarts: 0, restartedS: null, ageS: 3600 },
    ...{ node: null, ip: null, labels: null, spec: null, containers: null, conditions: null, events: [] },
  },
  workload: {
    ...{ type: 'Deployment', desired: 1, ready: 1, updated: 1, available: 1 },
    ...{ selector: null, spec: null, conditions: null, events: [] },
  },
  replicaset: { app: null, desired: 1, current: 1, ready: 1, events: [] },
  service: {
    clusterIp: '10.0.0.1',
    type: 'ClusterIP',
    selector: null,
    labels: null,
    ports: [],
    endpoints: null,
  },
  endpoints: { addresses: [] },
  node: {
    ...{ ready: 'True', unschedulable: false, labels: {}, taints: [], allocatable: null, requested: null },
    ...{ conditions: null, events: [] },
  },
  quota: { lines: [] },
  pvc: {
    ...{ status: 'Bound', volume: null, size: null, modes: null, storageClass: null, selector: null },
    ...{ usedBy: null, events: [] },
  },
  pv: { status: 'Available', claim: null, size: null, modes: null, storageClass: null, labels: {} },
  storageclass: { provisioner: null },
};
const SPEC = {
  ...{ serviceAccount: null, dnsPolicy: null, nodeName: null, nodeSelector: {}, nodeAffinity: [] },
  ...{
    podAntiAffinity: false,
    tolerations: [],
    pullSecrets: [],
    runAsUser: null,
    containers: [],
    volumes: [],
  },
};
const CONTAINER = {
  ...{ name: 'main', image: null, init: false, ports: [], requests: null, limits: null },
  ...{ liveness: null, readiness: null, startup: null, env: [], mounts: [] },
};
const PROBE = { how: 'http', port: null, path: '/', delayS: 5, timeoutS: 1, periodS: 10, failures: 3 };
const SEEN = { name: 'main', init: false, ready: true, restarts: 0, state: null, last: null };
const STATE = { is: 'waiting', reason: null, message: null, exitCode: null };
const EVENT = { about: null, warning: true, reason: 'Warning', message: '', count: 1, ageS: 30 };
const VOLUME = { name: 'data', claim: null, secret: null, configMap: null, hostPath: null };
const ENV = { value: null, secret: null, configMap: null };
const PORT = { name: null, protocol: 'TCP' };

const Loose = z.record(z.string(), z.unknown());
type Loose = z.infer<typeof Loose>;
const loose = (value: unknown): Loose => Loose.safeParse(value).data ?? {};
const each = (value: unknown, fill: (one: Loose) => unknown): unknown =>
  Array.isArray(value) ? value.map((one) => fill(loose(one))) : value;
const probe = (value: unknown): unknown => (value == null ? null : { ...PROBE, ...loose(value) });
const state = (value: unknown): unknown => (value == null ? null : { ...STATE, ...loose(value) });

function spec(value: unknown): unknown {
  if (value == null) return null;
  const given = loose(value);
  return {
    ...SPEC,
    ...given,
    containers: each(given.containers ?? [], (one) => ({
      ...CONTAINER,
      ...one,
      ports: each(one.ports ?? [], (port) => ({ ...PORT, ...port })),
      env: each(one.env ?? [], (variable) => ({ ...ENV, ...variable })),
      liveness: probe(one.liveness),
      readiness: probe(one.readiness),
      startup: probe(one.startup),
    })),
    volumes: each(given.volumes ?? [], (one) => ({ ...VOLUME, ...one })),
  };
}

function filled(value: unknown): unknown {
  const given = loose(value);
  const all = { ...BLANK[String(given.kind)], ...given };
  return {
    ...all,
    ...('spec' in all && { spec: spec(all.spec) }),
    ...('events' in all && { events: each(all.events, (one) => ({ ...EVENT, ...one })) }),
    ...('containers' in all && {
      containers: each(all.containers, (one) => ({
        ...SEEN,
        ...one,
        state: state(one.state),
        last: state(one.last),
      })),
    }),
    ...(given.kind === 'service' && {
      ports: each(all.ports, (one) => ({ ...PORT, target: one.port, appProtocol: null, ...one })),
    }),
  };
}

/** What cannot be seen in the world of a case, by the name of the look. */
const Blind = z.enum(['list', 'describe', 'manifest', 'logs', 'node_service', 'anomalies', 'dependencies']);

/** A whole case as it lies in a file; objects may leave out what is not known of them. */
export const OwnCase = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,60}$/),
  /** What it is there for, for people. */
  about: z.string().min(1).max(300),
  page: z.strictObject({ name: z.string().min(1).max(120) }),
  cluster: z.strictObject({
    namespace: ClusterName,
    /** Applications that are as they should be: a workload, its pod, and a service that leads to it. */
    well: z.array(z.strictObject({ app: ClusterName, outside: z.boolean() })).default([]),
    objects: z.preprocess((value) => each(value, filled), z.array(ClusterObject)),
    events: z
      .preprocess((value) => each(value, (one) => ({ ...EVENT, ...one })), z.array(ClusterEvent))
      .default([]),
    logs: z.record(ClusterName, ClusterLogs).default({}),
    /** Services of nodes that do not run. */
    stopped: z.array(z.strictObject({ node: ClusterName, service: NodeServiceName })).default([]),
    calls: z.array(z.strictObject({ from: ClusterName, to: ClusterName })).default([]),
    /** `service:port` that nothing can connect to. */
    closed: z.array(z.string()).default([]),
    anomalies: z.array(Anomaly).default([]),
    blind: z.array(Blind).default([]),
    /** Kinds that cannot be listed. */
    forbiddenKinds: z.array(ClusterKind).default([]),
  }),
  expect: z.strictObject({
    /** Null: nothing may be named. */
    cause: ClusterCause.nullable(),
    /** Where the trouble is; null = not asked. */
    object: ClusterRef.nullable(),
  }),
});
export type OwnCase = z.infer<typeof OwnCase>;

/** The objects of an application that is as it should be; `outside`: people come in by it. */
export function wellApp({ app, outside }: OwnCase['cluster']['well'][number]): ClusterObject[] {
  const labels = { app };
  const made = { containers: [{ ports: [{ port: 8080 }] }] };
  const objects = [
    { kind: 'workload', name: app, selector: labels, spec: made },
    { kind: 'pod', name: `${app}-0`, app, node: 'n1', labels, spec: made },
    {
      ...{ kind: 'service', name: app, type: outside ? 'NodePort' : 'ClusterIP', selector: labels, labels },
      ports: [{ port: 8080 }],
    },
    { kind: 'endpoints', name: app, addresses: ['10.1.0.5:8080'] },
  ];
  return objects.map((one) => ClusterObject.parse(filled(one)));
}

/** The cases written for this product, both kinds. Throws when one of them is not what a case must be. */
export async function ownCases(): Promise<(OwnCase | ServiceCase)[]> {
  const folder = new URL('./cases/', import.meta.url);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  const files = await Promise.all(names.map((name) => readFile(new URL(name, folder), 'utf8')));
  return files.flatMap((text) => {
    const list = z.array(z.looseObject({})).parse(JSON.parse(text));
    return list.map((one) => ('services' in one ? ServiceCase.parse(one) : OwnCase.parse(one)));
  });
}
