import type { ContainerSeen, ContainerSpec, Pod, PodSpec, Probe } from '#incidents/observations-cluster.ts';
import { envValue } from '../env-value.ts';
import { ownerName } from '../owner-name.ts';
import { millicores, quantity } from '../quantity.ts';
import type {
  ContainerStatus,
  WireContainer,
  WirePod,
  WirePodSpec,
  WireProbe,
  WireState,
} from './wire-pod.ts';

/** Pods of the API as the values that rules read. Values of secrets are in none of them. */

export function podOf(pod: WirePod, now: number): Pod {
  const { metadata, status, spec } = pod;
  const seen = [
    ...status.initContainerStatuses.map((one) => containerSeen(one, true)),
    ...status.containerStatuses.map((one) => containerSeen(one, false)),
  ];
  const own = seen.filter(({ init }) => !init);
  return {
    kind: 'pod',
    name: metadata.name,
    app: appOfPod(pod),
    status: printedStatus(pod),
    ready: own.filter(({ ready }) => ready === true).length,
    total: spec.containers.length,
    restarts: own.reduce((sum, { restarts }) => sum + (restarts ?? 0), 0),
    restartedS: restartedS(pod, now),
    ageS: ageS(metadata.creationTimestamp, now),
    node: spec.nodeName,
    ip: status.podIP,
    labels: metadata.labels,
    spec: podSpecOf(spec),
    containers: seen,
    conditions: status.conditions.map(({ type, status, reason, message }) => ({
      type,
      status,
      reason,
      message,
    })),
    events: null,
  };
}

/** Seconds from `at` to now. */
export function ageS(at: number | null, now: number): number | null {
  return at === null ? null : Math.max(0, Math.round((now - at) / 1000));
}

/** The workload that a pod belongs to. */
export function appOfPod({ metadata: { name, labels, ownerReferences } }: WirePod): string | null {
  const owner = ownerReferences.find(({ controller }) => controller === true);
  if (owner?.kind === 'StatefulSet' || owner?.kind === 'DaemonSet') return owner.name;
  return ownerName(name, labels);
}

/** As `kubectl get pods` writes the state of a pod. */
function printedStatus({ metadata, status, spec }: WirePod): string {
  const init = initStatus(status.initContainerStatuses, spec.initContainers.length);
  const own = status.containerStatuses.map(({ state }) => reasonOf(state)).find((reason) => reason !== null);
  const isUp = status.containerStatuses.some(({ state, ready }) => ready === true && state?.running);
  const base = status.reason ?? status.phase ?? 'Unknown';
  const shown = init ?? (own === 'Completed' && isUp ? 'Running' : own) ?? base;
  if (metadata.deletionTimestamp === null) return shown;
  return status.reason === 'NodeLost' ? 'Unknown' : 'Terminating';
}

function initStatus(statuses: readonly ContainerStatus[], total: number): string | null {
  for (const [at, { state, ready }] of statuses.entries()) {
    if (state?.terminated?.exitCode === 0 || (state?.running && ready === true)) continue;
    const reason = reasonOf(state);
    return reason === null || reason === 'PodInitializing' ? `Init:${at}/${total}` : `Init:${reason}`;
  }
  return null;
}

function reasonOf(state: WireState | null): string | null {
  if (state?.waiting) return state.waiting.reason;
  if (!state?.terminated) return null;
  return state.terminated.reason ?? `ExitCode:${state.terminated.exitCode ?? '?'}`;
}

function restartedS({ status }: WirePod, now: number): number | null {
  const ends = status.containerStatuses.flatMap(({ lastState }) => lastState?.terminated?.finishedAt ?? []);
  return ends.length === 0 ? null : ageS(Math.max(...ends), now);
}

function containerSeen(status: ContainerStatus, init: boolean): ContainerSeen {
  const { name, ready, restartCount, state, lastState } = status;
  return { name, init, ready, restarts: restartCount, state: stateOf(state), last: stateOf(lastState) };
}

function stateOf(state: WireState | null): ContainerSeen['state'] {
  const none = { reason: null, message: null, exitCode: null };
  if (state?.running) return { is: 'running', ...none };
  if (state?.waiting) return { is: 'waiting', ...state.waiting, exitCode: null };
  if (!state?.terminated) return null;
  const { reason, message, exitCode } = state.terminated;
  return { is: 'terminated', reason, message, exitCode };
}

export function podSpecOf(spec: WirePodSpec): PodSpec {
  const { affinity } = spec;
  const terms =
    affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const apart = affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  return {
    serviceAccount: spec.serviceAccountName,
    dnsPolicy: spec.dnsPolicy,
    nodeName: spec.nodeName,
    nodeSelector: spec.nodeSelector,
    nodeAffinity: terms.map(({ matchExpressions }) => matchExpressions),
    podAntiAffinity: apart.length > 0,
    tolerations: spec.tolerations,
    pullSecrets: spec.imagePullSecrets.flatMap(({ name }) => name ?? []),
    runAsUser: spec.securityContext?.runAsUser ?? null,
    containers: [
      ...spec.initContainers.map((one) => containerSpec(one, true)),
      ...spec.containers.map((one) => containerSpec(one, false)),
    ],
    volumes: spec.volumes.map(({ name, persistentVolumeClaim, secret, configMap, hostPath }) => ({
      name,
      claim: persistentVolumeClaim?.claimName ?? null,
      secret: secret?.optional === true ? null : (secret?.secretName ?? null),
      configMap: needed(configMap),
      hostPath: hostPath?.path ?? null,
    })),
  };
}

function containerSpec(one: WireContainer, init: boolean): ContainerSpec {
  return {
    name: one.name,
    image: one.image,
    init,
    ports: one.ports.map(({ name, containerPort, protocol }) => ({
      name,
      port: containerPort,
      protocol: protocol ?? 'TCP',
    })),
    requests: resourcesOf(one.resources?.requests),
    limits: resourcesOf(one.resources?.limits),
    liveness: probeOf(one.livenessProbe),
    readiness: probeOf(one.readinessProbe),
    startup: probeOf(one.startupProbe),
    env: envOf(one),
    mounts: one.volumeMounts.map(({ name, mountPath, readOnly }) => ({
      path: mountPath,
      volume: name,
      readOnly: readOnly === true,
    })),
  };
}

type Ref = { readonly name: string | null; readonly optional: boolean | null } | null | undefined;
/** The name of what it cannot start without. */
const needed = (ref: Ref): string | null => (ref?.optional === true ? null : (ref?.name ?? null));

function envOf({ env, envFrom }: WireContainer): NonNullable<ContainerSpec['env']> {
  const single = env.map(({ name, value, valueFrom }) => ({
    name,
    value: value === null ? null : envValue(name, value),
    secret: needed(valueFrom?.secretKeyRef),
    configMap: needed(valueFrom?.configMapKeyRef),
  }));
  const whole = envFrom.map(({ secretRef, configMapRef }) => ({
    name: '*',
    value: null,
    secret: needed(secretRef),
    configMap: needed(configMapRef),
  }));
  return [...single, ...whole];
}

export function resourcesOf(
  amounts: Readonly<Record<string, string>> | undefined,
): ContainerSpec['requests'] {
  const { cpu, memory } = amounts ?? {};
  if (cpu === undefined && memory === undefined) return null;
  return {
    cpu: cpu === undefined ? null : millicores(cpu),
    memory: memory === undefined ? null : quantity(memory),
  };
}

function probeOf(probe: WireProbe | null): Probe | null {
  if (probe === null) return null;
  const { httpGet, tcpSocket, grpc, exec } = probe;
  const how = httpGet
    ? httpGet.scheme === 'HTTPS'
      ? 'https'
      : 'http'
    : tcpSocket
      ? 'tcp'
      : grpc
        ? 'grpc'
        : exec
          ? 'exec'
          : 'other';
  return {
    how,
    port: httpGet?.port ?? tcpSocket?.port ?? grpc?.port ?? null,
    path: httpGet?.path ?? null,
    delayS: probe.initialDelaySeconds ?? 0,
    timeoutS: probe.timeoutSeconds,
    periodS: probe.periodSeconds,
    failures: probe.failureThreshold,
  };
}
