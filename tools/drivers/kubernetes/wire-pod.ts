import { z } from 'zod';
import { Condition, Count, listed, Meta, opt, Pairs, PortRef, Time } from './wire.ts';

/** Pods, and how they are made, as the API server shows them. */

const Handler = z.object({
  httpGet: opt(z.object({ port: PortRef, path: opt(z.string()), scheme: opt(z.string()) })),
  tcpSocket: opt(z.object({ port: PortRef })),
  grpc: opt(z.object({ port: PortRef })),
  exec: opt(z.object({})),
});
export const WireProbe = Handler.extend({
  initialDelaySeconds: opt(z.int()),
  timeoutSeconds: opt(z.int()),
  periodSeconds: opt(z.int()),
  failureThreshold: opt(z.int()),
});
export type WireProbe = z.infer<typeof WireProbe>;

/** `optional`: it starts without it, too. */
const KeyRef = z.object({ name: opt(z.string()), optional: opt(z.boolean()) });
const WireContainer = z.object({
  name: z.string(),
  image: opt(z.string()),
  restartPolicy: opt(z.string()),
  ports: listed(z.object({ name: opt(z.string()), containerPort: z.int(), protocol: opt(z.string()) })),
  resources: opt(z.object({ requests: Pairs, limits: Pairs })),
  livenessProbe: opt(WireProbe),
  readinessProbe: opt(WireProbe),
  startupProbe: opt(WireProbe),
  env: listed(
    z.object({
      name: z.string(),
      value: opt(z.string()),
      valueFrom: opt(z.object({ secretKeyRef: opt(KeyRef), configMapKeyRef: opt(KeyRef) })),
    }),
  ),
  envFrom: listed(z.object({ secretRef: opt(KeyRef), configMapRef: opt(KeyRef) })),
  volumeMounts: listed(z.object({ name: z.string(), mountPath: z.string(), readOnly: opt(z.boolean()) })),
  securityContext: opt(z.object({ runAsUser: opt(z.int()) })),
});
export type WireContainer = z.infer<typeof WireContainer>;

const Term = z.object({ key: z.string(), operator: z.string(), values: listed(z.string()) });
export const WirePodSpec = z.object({
  serviceAccountName: opt(z.string()),
  dnsPolicy: opt(z.string()),
  nodeName: opt(z.string()),
  nodeSelector: Pairs,
  affinity: opt(
    z.object({
      nodeAffinity: opt(
        z.object({
          requiredDuringSchedulingIgnoredDuringExecution: opt(
            z.object({ nodeSelectorTerms: listed(z.object({ matchExpressions: listed(Term) })) }),
          ),
        }),
      ),
      podAntiAffinity: opt(z.object({ requiredDuringSchedulingIgnoredDuringExecution: listed(z.unknown()) })),
    }),
  ),
  tolerations: listed(
    z.object({
      key: opt(z.string()),
      operator: opt(z.string()),
      value: opt(z.string()),
      effect: opt(z.string()),
    }),
  ),
  imagePullSecrets: listed(KeyRef),
  securityContext: opt(z.object({ runAsUser: opt(z.int()) })),
  initContainers: listed(WireContainer),
  containers: listed(WireContainer),
  volumes: listed(
    z.object({
      name: z.string(),
      persistentVolumeClaim: opt(z.object({ claimName: z.string() })),
      secret: opt(z.object({ secretName: opt(z.string()), optional: opt(z.boolean()) })),
      configMap: opt(KeyRef),
      hostPath: opt(z.object({ path: z.string() })),
    }),
  ),
});
export type WirePodSpec = z.infer<typeof WirePodSpec>;

const Ended = z.object({
  exitCode: opt(z.int()),
  reason: opt(z.string()),
  message: opt(z.string()),
  finishedAt: opt(Time),
});
export const WireState = z.object({
  running: opt(z.object({ startedAt: opt(Time) })),
  waiting: opt(z.object({ reason: opt(z.string()), message: opt(z.string()) })),
  terminated: opt(Ended),
});
export type WireState = z.infer<typeof WireState>;

const ContainerStatus = z.object({
  name: z.string(),
  ready: opt(z.boolean()),
  restartCount: opt(Count),
  state: opt(WireState),
  lastState: opt(WireState),
});
export type ContainerStatus = z.infer<typeof ContainerStatus>;

export const WirePod = z.object({
  metadata: Meta,
  spec: WirePodSpec,
  status: z.object({
    phase: opt(z.string()),
    reason: opt(z.string()),
    podIP: opt(z.string()),
    startTime: opt(Time),
    conditions: listed(Condition),
    initContainerStatuses: listed(ContainerStatus),
    containerStatuses: listed(ContainerStatus),
  }),
});
export type WirePod = z.infer<typeof WirePod>;
