import { z } from 'zod';

/**
 * What is seen of a Kubernetes cluster, as values. `null` always means "not shown by this look": a list shows less of an
 * object than a description does, and a manifest shows what was declared and nothing of what runs. An empty list means
 * that there is none. Cpu is in millicores, memory and storage in bytes, ages in seconds before the look. All strings
 * are foreign text; names are checked.
 */

/** A name as Kubernetes has them. */
export const ClusterName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'not a Kubernetes name');
export type ClusterName = z.infer<typeof ClusterName>;

export const clusterKinds = [
  'pod',
  'workload', // deployments, stateful sets, daemon sets
  'replicaset',
  'service',
  'endpoints',
  'node',
  'quota',
  'pvc',
  'pv',
  'storageclass',
  'secret', // by name only
  'configmap', // by name only
  'serviceaccount', // by name only
] as const;
export const ClusterKind = z.enum(clusterKinds);
export type ClusterKind = z.infer<typeof ClusterKind>;

/** Longer strings and lists are cut where they enter. */
const cut = (max: number) => z.string().overwrite((text) => text.slice(0, max));
const many = <T extends z.ZodType>(item: T, max: number) =>
  z.array(item).overwrite((list) => list.slice(0, max));
const Word = cut(160);
const Text = cut(800);
const Amount = z.number().min(0);
const Labels = z.record(cut(320), cut(260));

export const ClusterEvent = z.strictObject({
  about: z.strictObject({ kind: Word, name: Word }).nullable(),
  warning: z.boolean(),
  reason: Word,
  message: Text,
  count: z.int().min(0),
  ageS: z.int().nullable(),
});
export type ClusterEvent = z.infer<typeof ClusterEvent>;
const Events = many(ClusterEvent, 50).nullable();

const Condition = z.strictObject({
  type: Word,
  status: Word,
  reason: Word.nullable(),
  message: Text.nullable(),
});
const Conditions = many(Condition, 30).nullable();

/** `port` as written: a number or the name of one. */
export const Probe = z.strictObject({
  how: z.enum(['http', 'https', 'grpc', 'tcp', 'exec', 'other']),
  port: z.union([z.int(), Word]).nullable(),
  path: cut(200).nullable(),
  delayS: z.int().nullable(),
  timeoutS: z.int().nullable(),
  periodS: z.int().nullable(),
  failures: z.int().nullable(),
});
export type Probe = z.infer<typeof Probe>;

const Resources = z.strictObject({ cpu: Amount.nullable(), memory: Amount.nullable() });

/** `value` is kept only where it can be an address, a number or a switch; everything else may be a secret. */
const EnvVar = z.strictObject({
  name: Word,
  value: cut(300).nullable(),
  secret: Word.nullable(),
  configMap: Word.nullable(),
});

export const ContainerSpec = z.strictObject({
  name: Word,
  image: cut(300).nullable(),
  init: z.boolean(),
  ports: many(z.strictObject({ name: Word.nullable(), port: z.int(), protocol: Word }), 40).nullable(),
  requests: Resources.nullable(),
  limits: Resources.nullable(),
  /** `undefined` is not shown, `null` is none. */
  liveness: Probe.nullable(),
  readiness: Probe.nullable(),
  startup: Probe.nullable(),
  env: many(EnvVar, 200).nullable(),
  mounts: many(z.strictObject({ path: cut(260), volume: Word, readOnly: z.boolean() }), 60).nullable(),
});
export type ContainerSpec = z.infer<typeof ContainerSpec>;

const Toleration = z.strictObject({
  key: cut(320).nullable(),
  operator: Word.nullable(),
  value: cut(260).nullable(),
  effect: Word.nullable(),
});
const NodeTerm = z.strictObject({
  key: cut(320),
  operator: Word,
  values: many(cut(260), 50),
});

/** How pods are made: of a pod itself, or the template of what owns it. */
export const PodSpec = z.strictObject({
  serviceAccount: Word.nullable(),
  /** `ClusterFirst` where nothing else is declared; the others do not resolve names of services. */
  dnsPolicy: Word.nullable(),
  nodeName: Word.nullable(),
  nodeSelector: Labels.nullable(),
  /** Required terms; each inner list must hold as a whole, one of them is enough. */
  nodeAffinity: many(many(NodeTerm, 20), 20).nullable(),
  /** Whether it must not share a node (or zone) with other pods. */
  podAntiAffinity: z.boolean().nullable(),
  tolerations: many(Toleration, 50).nullable(),
  pullSecrets: many(Word, 20).nullable(),
  /** The user that containers run as, where it is forced. */
  runAsUser: z.int().nullable(),
  containers: many(ContainerSpec, 30),
  volumes: many(
    z.strictObject({
      name: Word,
      claim: Word.nullable(),
      secret: Word.nullable(),
      configMap: Word.nullable(),
      hostPath: cut(260).nullable(),
    }),
    60,
  ).nullable(),
});
export type PodSpec = z.infer<typeof PodSpec>;

/** `reason` of a state: CrashLoopBackOff, OOMKilled, Completed ... */
const State = z.strictObject({
  is: z.enum(['running', 'waiting', 'terminated', 'unknown']),
  reason: Word.nullable(),
  message: Text.nullable(),
  exitCode: z.int().nullable(),
});
export const ContainerSeen = z.strictObject({
  name: Word,
  init: z.boolean(),
  ready: z.boolean().nullable(),
  restarts: z.int().nullable(),
  state: State.nullable(),
  last: State.nullable(),
});
export type ContainerSeen = z.infer<typeof ContainerSeen>;

export const Pod = z.strictObject({
  kind: z.literal('pod'),
  name: ClusterName,
  /** The workload that owns it. */
  app: ClusterName.nullable(),
  /** As `kubectl get pods` says it: Running, Pending, CrashLoopBackOff, ErrImagePull, Init:0/1, Terminating ... */
  status: Word.nullable(),
  ready: z.int().nullable(),
  total: z.int().nullable(),
  restarts: z.int().nullable(),
  /** How long ago it last restarted. */
  restartedS: z.int().nullable(),
  ageS: z.int().nullable(),
  node: Word.nullable(),
  ip: Word.nullable(),
  labels: Labels.nullable(),
  spec: PodSpec.nullable(),
  containers: many(ContainerSeen, 30).nullable(),
  conditions: Conditions,
  events: Events,
});
export type Pod = z.infer<typeof Pod>;

export const Workload = z.strictObject({
  kind: z.literal('workload'),
  type: z.enum(['Deployment', 'StatefulSet', 'DaemonSet']),
  name: ClusterName,
  desired: z.int().nullable(),
  ready: z.int().nullable(),
  updated: z.int().nullable(),
  available: z.int().nullable(),
  selector: Labels.nullable(),
  spec: PodSpec.nullable(),
  conditions: Conditions,
  events: Events,
});
export type Workload = z.infer<typeof Workload>;

export const ReplicaSet = z.strictObject({
  kind: z.literal('replicaset'),
  name: ClusterName,
  app: ClusterName.nullable(),
  desired: z.int().nullable(),
  current: z.int().nullable(),
  ready: z.int().nullable(),
  events: Events,
});
export type ReplicaSet = z.infer<typeof ReplicaSet>;

export const ClusterService = z.strictObject({
  kind: z.literal('service'),
  name: ClusterName,
  clusterIp: Word.nullable(),
  type: Word.nullable(),
  selector: Labels.nullable(),
  labels: Labels.nullable(),
  ports: many(
    z.strictObject({
      name: Word.nullable(),
      port: z.int(),
      target: z.union([z.int(), Word]).nullable(),
      protocol: Word,
      appProtocol: Word.nullable(),
    }),
    40,
  ).nullable(),
  /** `ip:port` of what stands behind it. */
  endpoints: many(Word, 500).nullable(),
});
export type ClusterService = z.infer<typeof ClusterService>;

export const Endpoints = z.strictObject({
  kind: z.literal('endpoints'),
  name: ClusterName,
  addresses: many(Word, 500),
});

export const ClusterNode = z.strictObject({
  kind: z.literal('node'),
  name: ClusterName,
  ready: z.enum(['True', 'False', 'Unknown']).nullable(),
  unschedulable: z.boolean().nullable(),
  labels: Labels.nullable(),
  taints: many(z.strictObject({ key: cut(320), value: cut(260).nullable(), effect: Word }), 30).nullable(),
  allocatable: Resources.nullable(),
  /** Sum of the requests of what runs there. */
  requested: Resources.nullable(),
  conditions: Conditions,
  events: Events,
});
export type ClusterNode = z.infer<typeof ClusterNode>;

export const Quota = z.strictObject({
  kind: z.literal('quota'),
  name: ClusterName,
  lines: many(z.strictObject({ resource: Word, used: Amount.nullable(), hard: Amount.nullable() }), 40),
});
export type Quota = z.infer<typeof Quota>;

const Modes = many(z.enum(['RWO', 'ROX', 'RWX', 'RWOP']), 4).nullable();
export const Pvc = z.strictObject({
  kind: z.literal('pvc'),
  name: ClusterName,
  status: Word.nullable(),
  volume: Word.nullable(),
  /** What it asks for, or once bound what it has. */
  size: Amount.nullable(),
  modes: Modes,
  /** `''`: explicitly none. */
  storageClass: Word.nullable(),
  selector: Labels.nullable(),
  usedBy: many(Word, 50).nullable(),
  events: Events,
});
export type Pvc = z.infer<typeof Pvc>;

export const Pv = z.strictObject({
  kind: z.literal('pv'),
  name: ClusterName,
  status: Word.nullable(),
  /** `namespace/name` of the claim that holds it. */
  claim: cut(520).nullable(),
  size: Amount.nullable(),
  modes: Modes,
  storageClass: Word.nullable(),
  labels: Labels.nullable(),
});
export type Pv = z.infer<typeof Pv>;

export const StorageClass = z.strictObject({
  kind: z.literal('storageclass'),
  name: ClusterName,
  provisioner: cut(260).nullable(),
});

const Named = z.strictObject({
  kind: z.enum(['secret', 'configmap', 'serviceaccount']),
  name: ClusterName,
});

export const ClusterObject = z.discriminatedUnion('kind', [
  Pod,
  Workload,
  ReplicaSet,
  ClusterService,
  Endpoints,
  ClusterNode,
  Quota,
  Pvc,
  Pv,
  StorageClass,
  Named,
]);
export type ClusterObject = z.infer<typeof ClusterObject>;

/** Log lines of one application, grouped; `sample` is one line of each group. */
export const ClusterLogs = z.strictObject({
  lines: z.int().nullable(),
  errors: z.int().nullable(),
  patterns: many(z.strictObject({ count: z.int(), sample: Text }), 40),
});
export type ClusterLogs = z.infer<typeof ClusterLogs>;

export const nodeServices = ['kubelet', 'containerd', 'kube-proxy', 'kube-scheduler'] as const;
export const NodeServiceName = z.enum(nodeServices);
export type NodeServiceName = z.infer<typeof NodeServiceName>;
export const NodeService = z.strictObject({
  node: ClusterName,
  service: NodeServiceName,
  state: z.enum(['active', 'inactive', 'failed', 'absent', 'unknown']),
  detail: Text,
});
export type NodeService = z.infer<typeof NodeService>;

/** Who calls whom, as far as it is known. */
export const Dependencies = z.strictObject({
  calledBy: many(ClusterName, 200),
  edges: many(z.strictObject({ from: ClusterName, to: ClusterName }), 500),
});
export type Dependencies = z.infer<typeof Dependencies>;

export const Connectivity = z.strictObject({ open: z.boolean(), detail: Text });
export type Connectivity = z.infer<typeof Connectivity>;

/** A measurement that left its normal level. */
export const Anomaly = z.strictObject({
  kind: z.enum(['app', 'node']),
  name: ClusterName,
  what: z.enum([
    'latency',
    'errors',
    'throughput_drop',
    'traffic_drop',
    'cpu_use',
    'cpu_throttled',
    'memory_use',
    'retransmissions',
    'packet_loss',
    'network_delay',
    'connections',
    'other',
  ]),
  normal: z.number().nullable(),
  now: z.number().nullable(),
});
export type Anomaly = z.infer<typeof Anomaly>;

/** What each tool that looks at a cluster gives as its `value`. */
export const ClusterSeen = z.discriminatedUnion('look', [
  z.strictObject({ look: z.literal('objects'), objects: many(ClusterObject, 1000), truncated: z.boolean() }),
  z.strictObject({ look: z.literal('events'), events: many(ClusterEvent, 500) }),
  z.strictObject({ look: z.literal('logs'), app: ClusterName, logs: ClusterLogs }),
  z.strictObject({ look: z.literal('node_service'), state: NodeService }),
  z.strictObject({ look: z.literal('dependencies'), app: ClusterName, dependencies: Dependencies }),
  z.strictObject({
    look: z.literal('connectivity'),
    service: ClusterName,
    port: z.int(),
    connectivity: Connectivity,
  }),
  z.strictObject({ look: z.literal('anomalies'), anomalies: many(Anomaly, 500) }),
]);
export type ClusterSeen = z.infer<typeof ClusterSeen>;
