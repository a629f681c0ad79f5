import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { ClusterObject, ContainerSpec, PodSpec, Probe } from '#incidents/observations-cluster.ts';
import { envValue } from '#tools/drivers/env-value.ts';
import { millicores, quantity } from '#tools/drivers/quantity.ts';

const Text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const Pairs = z.record(z.string(), Text);
const Whole = z.int();
const PortOf = z.union([z.int(), z.string()]);
const ProbeYaml = z.object({
  httpGet: z.object({ port: PortOf, path: z.string().nullish(), scheme: z.string().nullish() }).nullish(),
  grpc: z.object({ port: PortOf }).nullish(),
  tcpSocket: z.object({ port: PortOf }).nullish(),
  exec: z.object({}).nullish(),
  initialDelaySeconds: Whole.nullish(),
  timeoutSeconds: Whole.nullish(),
  periodSeconds: Whole.nullish(),
  failureThreshold: Whole.nullish(),
});
const Amounts = z.object({ cpu: Text.nullish(), memory: Text.nullish(), storage: Text.nullish() });
const KeyRef = z.object({ name: z.string().nullish() });
const Container = z.object({
  name: z.string(),
  image: z.string().nullish(),
  ports: z
    .array(z.object({ name: z.string().nullish(), containerPort: Whole, protocol: z.string().nullish() }))
    .nullish(),
  env: z
    .array(
      z.object({
        name: z.string(),
        value: Text.nullish(),
        valueFrom: z.object({ secretKeyRef: KeyRef.nullish(), configMapKeyRef: KeyRef.nullish() }).nullish(),
      }),
    )
    .nullish(),
  resources: z.object({ requests: Amounts.nullish(), limits: Amounts.nullish() }).nullish(),
  livenessProbe: ProbeYaml.nullish(),
  readinessProbe: ProbeYaml.nullish(),
  startupProbe: ProbeYaml.nullish(),
  volumeMounts: z
    .array(z.object({ mountPath: z.string(), name: z.string(), readOnly: z.boolean().nullish() }))
    .nullish(),
});
const Terms = z
  .array(z.object({ key: z.string(), operator: z.string(), values: z.array(Text).nullish() }))
  .nullish();
const Spec = z.object({
  serviceAccountName: z.string().nullish(),
  dnsPolicy: z.string().nullish(),
  nodeName: z.string().nullish(),
  nodeSelector: Pairs.nullish(),
  imagePullSecrets: z.array(z.object({ name: z.string() })).nullish(),
  securityContext: z.object({ runAsUser: Whole.nullish() }).nullish(),
  tolerations: z
    .array(
      z.object({
        key: z.string().nullish(),
        operator: z.string().nullish(),
        value: Text.nullish(),
        effect: z.string().nullish(),
      }),
    )
    .nullish(),
  affinity: z
    .object({
      nodeAffinity: z
        .object({
          requiredDuringSchedulingIgnoredDuringExecution: z
            .object({ nodeSelectorTerms: z.array(z.object({ matchExpressions: Terms })).nullish() })
            .nullish(),
        })
        .nullish(),
      podAntiAffinity: z
        .object({ requiredDuringSchedulingIgnoredDuringExecution: z.array(z.unknown()).nullish() })
        .nullish(),
    })
    .nullish(),
  containers: z.array(Container),
  initContainers: z.array(Container).nullish(),
  volumes: z
    .array(
      z.object({
        name: z.string(),
        persistentVolumeClaim: z.object({ claimName: z.string() }).nullish(),
        secret: z.object({ secretName: z.string() }).nullish(),
        configMap: z.object({ name: z.string() }).nullish(),
        hostPath: z.object({ path: z.string() }).nullish(),
      }),
    )
    .nullish(),
});
const Meta = z.object({ name: z.string(), labels: Pairs.nullish() });
const WorkloadYaml = z.object({
  kind: z.enum(['Deployment', 'StatefulSet', 'DaemonSet']),
  metadata: Meta,
  spec: z.object({
    replicas: Whole.nullish(),
    selector: z.object({ matchLabels: Pairs.nullish() }).nullish(),
    template: z.object({ spec: Spec }),
  }),
});
const ServiceYaml = z.object({
  kind: z.literal('Service'),
  metadata: Meta,
  spec: z.object({
    type: z.string().nullish(),
    selector: Pairs.nullish(),
    ports: z
      .array(
        z.object({
          name: z.string().nullish(),
          port: Whole,
          targetPort: PortOf.nullish(),
          protocol: z.string().nullish(),
          appProtocol: z.string().nullish(),
        }),
      )
      .nullish(),
  }),
});
const StorageSpec = z.object({
  capacity: Amounts.nullish(),
  accessModes: z.array(z.string()).nullish(),
  storageClassName: z.string().nullish(),
  volumeName: z.string().nullish(),
  selector: z.object({ matchLabels: Pairs.nullish() }).nullish(),
  resources: z.object({ requests: Amounts.nullish() }).nullish(),
});
const StorageYaml = z.object({
  kind: z.enum(['PersistentVolumeClaim', 'PersistentVolume']),
  metadata: Meta,
  spec: StorageSpec,
});

/** The objects that a manifest of several documents declares; what is of no known kind or broken is left out. Never throws. */
export function declaredObjects(yaml: string): ClusterObject[] {
  let documents: unknown[];
  try {
    documents = parseAllDocuments(yaml).map((one) =>
      one.errors.length > 0 ? null : one.toJS({ maxAliasCount: 100 }),
    );
  } catch {
    return [];
  }
  return documents.flatMap((one) => workloadOf(one) ?? serviceOf(one) ?? storageOf(one) ?? []);
}

function workloadOf(document: unknown): ClusterObject | null {
  const parsed = WorkloadYaml.safeParse(document);
  if (!parsed.success) return null;
  const { kind: type, metadata, spec } = parsed.data;
  return {
    kind: 'workload',
    type,
    name: metadata.name,
    desired: type === 'DaemonSet' ? null : (spec.replicas ?? 1),
    ready: null,
    updated: null,
    available: null,
    selector: spec.selector?.matchLabels ?? null,
    spec: specOf(spec.template.spec),
    conditions: null,
    events: null,
  };
}

function specOf(spec: z.infer<typeof Spec>): PodSpec {
  const terms =
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return {
    serviceAccount: spec.serviceAccountName ?? null,
    dnsPolicy: spec.dnsPolicy ?? 'ClusterFirst',
    nodeName: spec.nodeName ?? null,
    nodeSelector: spec.nodeSelector ?? {},
    nodeAffinity: (terms ?? []).map((term) =>
      (term.matchExpressions ?? []).map(({ key, operator, values }) => ({
        key,
        operator,
        values: values ?? [],
      })),
    ),
    podAntiAffinity:
      (spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).length > 0,
    tolerations: (spec.tolerations ?? []).map(({ key, operator, value, effect }) => ({
      key: key ?? null,
      operator: operator ?? null,
      value: value ?? null,
      effect: effect ?? null,
    })),
    pullSecrets: (spec.imagePullSecrets ?? []).map(({ name }) => name),
    runAsUser: spec.securityContext?.runAsUser ?? null,
    containers: [
      ...(spec.initContainers ?? []).map((one) => containerOf(one, true)),
      ...spec.containers.map((one) => containerOf(one, false)),
    ],
    volumes: (spec.volumes ?? []).map((one) => ({
      name: one.name,
      claim: one.persistentVolumeClaim?.claimName ?? null,
      secret: one.secret?.secretName ?? null,
      configMap: one.configMap?.name ?? null,
      hostPath: one.hostPath?.path ?? null,
    })),
  };
}

function containerOf(one: z.infer<typeof Container>, init: boolean): ContainerSpec {
  return {
    name: one.name,
    image: one.image ?? null,
    init,
    ports: (one.ports ?? []).map(({ name, containerPort, protocol }) => ({
      name: name ?? null,
      port: containerPort,
      protocol: protocol ?? 'TCP',
    })),
    requests: amountsOf(one.resources?.requests),
    limits: amountsOf(one.resources?.limits),
    liveness: probeOf(one.livenessProbe),
    readiness: probeOf(one.readinessProbe),
    startup: probeOf(one.startupProbe),
    env: (one.env ?? []).map(({ name, value, valueFrom }) => ({
      name,
      value: value == null ? null : envValue(name, value),
      secret: valueFrom?.secretKeyRef?.name ?? null,
      configMap: valueFrom?.configMapKeyRef?.name ?? null,
    })),
    mounts: (one.volumeMounts ?? []).map(({ mountPath, name, readOnly }) => ({
      path: mountPath,
      volume: name,
      readOnly: readOnly ?? false,
    })),
  };
}

function amountsOf(amounts: z.infer<typeof Amounts> | null | undefined): ContainerSpec['requests'] {
  if (amounts == null) return null;
  return {
    cpu: amounts.cpu == null ? null : millicores(amounts.cpu),
    memory: amounts.memory == null ? null : quantity(amounts.memory),
  };
}

function probeOf(probe: z.infer<typeof ProbeYaml> | null | undefined): Probe | null {
  if (probe == null) return null;
  const { httpGet, grpc, tcpSocket, exec } = probe;
  const how =
    httpGet != null
      ? httpGet.scheme === 'HTTPS'
        ? 'https'
        : 'http'
      : grpc != null
        ? 'grpc'
        : tcpSocket != null
          ? 'tcp'
          : exec != null
            ? 'exec'
            : 'other';
  return {
    how,
    port: httpGet?.port ?? grpc?.port ?? tcpSocket?.port ?? null,
    path: httpGet?.path ?? null,
    delayS: probe.initialDelaySeconds ?? 0,
    timeoutS: probe.timeoutSeconds ?? 1,
    periodS: probe.periodSeconds ?? 10,
    failures: probe.failureThreshold ?? 3,
  };
}

function serviceOf(document: unknown): ClusterObject | null {
  const parsed = ServiceYaml.safeParse(document);
  if (!parsed.success) return null;
  const { metadata, spec } = parsed.data;
  return {
    kind: 'service',
    name: metadata.name,
    clusterIp: null,
    type: spec.type ?? 'ClusterIP',
    selector: spec.selector ?? {},
    labels: metadata.labels ?? {},
    ports: (spec.ports ?? []).map(({ name, port, targetPort, protocol, appProtocol }) => ({
      name: name ?? null,
      port,
      target: targetPort ?? port,
      protocol: protocol ?? 'TCP',
      appProtocol: appProtocol ?? null,
    })),
    endpoints: null,
  };
}

const MODES = new Map([
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
] as const);

function storageOf(document: unknown): ClusterObject | null {
  const parsed = StorageYaml.safeParse(document);
  if (!parsed.success) return null;
  const { kind, metadata, spec } = parsed.data;
  const modes = [...MODES].flatMap(([name, mode]) => (spec.accessModes?.includes(name) ? [mode] : []));
  const storage = kind === 'PersistentVolume' ? spec.capacity?.storage : spec.resources?.requests?.storage;
  const size = storage == null ? null : quantity(storage);
  const common = {
    name: metadata.name,
    status: null,
    size,
    modes,
    storageClass: spec.storageClassName ?? null,
  };
  return kind === 'PersistentVolume'
    ? { kind: 'pv', ...common, claim: null, labels: metadata.labels ?? {} }
    : {
        kind: 'pvc',
        ...common,
        volume: spec.volumeName ?? null,
        selector: spec.selector?.matchLabels ?? null,
        usedBy: null,
        events: null,
      };
}
