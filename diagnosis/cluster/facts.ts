import type { CallId } from '#core/ids.ts';
import type {
  ClusterEvent,
  ClusterNode,
  ContainerSpec,
  Pod,
  PodSpec,
} from '#incidents/observations-cluster.ts';
import type { ClusterState, Seen } from './state.ts';

/** Statuses of a pod that is as it should be. */
const FINE = new Set(['Running', 'Completed', 'Succeeded']);
/** A pod that restarted so often, and so recently, is not steady. */
const OFTEN = 2;
const RECENTLY_S = 600;

/** Name of the application of a pod: its workload, else what its labels say it is. */
export const appOf = (pod: Pod): string => pod.app ?? pod.labels?.app ?? pod.name;

export function podsOf(state: ClusterState, app: string): Seen<Pod>[] {
  return [...state.pods.values()].filter(({ value }) => appOf(value) === app);
}

/**
 * How a pod does: `stuck` never got to run, `crashing` ends again and again, `unready` runs and takes no traffic,
 * `restarting` comes and goes.
 */
export type PodTrouble = 'stuck' | 'crashing' | 'unready' | 'restarting';

const ENDED = /CrashLoopBackOff|^Error$|OOMKilled|RunContainerError|ContainerStatusUnknown/;

export function troubleOf(pod: Pod): PodTrouble | null {
  if (pod.status !== null && !FINE.has(pod.status))
    return /Terminating/.test(pod.status) ? null : ENDED.test(pod.status) ? 'crashing' : 'stuck';
  if (pod.status === 'Completed' || pod.status === 'Succeeded') return null;
  if (pod.ready !== null && pod.total !== null && pod.ready < pod.total) return 'unready';
  const isRecent = pod.restartedS === null || pod.restartedS <= RECENTLY_S;
  return (pod.restarts ?? 0) >= OFTEN && isRecent ? 'restarting' : null;
}

const WORST: readonly PodTrouble[] = ['stuck', 'crashing', 'unready', 'restarting'];

export type SickApp = {
  readonly app: string;
  readonly trouble: PodTrouble;
  readonly pods: readonly Seen<Pod>[];
};

/** Applications with a pod in trouble, worst first; `pods` are those in trouble. */
export function sickApps(state: ClusterState): SickApp[] {
  const byApp = Map.groupBy([...state.pods.values()], ({ value }) => appOf(value));
  const sick = [...byApp].flatMap(([app, pods]): SickApp[] => {
    const ill = pods.filter(({ value }) => troubleOf(value) !== null);
    const trouble = WORST.find((one) => ill.some(({ value }) => troubleOf(value) === one));
    return trouble === undefined ? [] : [{ app, trouble, pods: ill }];
  });
  return sick.sort(
    (a, b) => WORST.indexOf(a.trouble) - WORST.indexOf(b.trouble) || restarts(b) - restarts(a),
  );
}

const restarts = ({ pods }: SickApp): number =>
  pods.reduce((sum, { value }) => sum + (value.restarts ?? 0), 0);

/** Workloads that want pods and have none at all. */
export function appsWithoutPods(state: ClusterState): { app: string; calls: readonly CallId[] }[] {
  if (!state.listed.has('pod')) return [];
  return [...state.workloads.values()].flatMap(({ value, calls }) =>
    (value.desired ?? 0) > 0 && (value.ready ?? 0) === 0 && podsOf(state, value.name).length === 0
      ? [{ app: value.name, calls }]
      : [],
  );
}

/** Workloads with fewer pods ready than wanted, though their pods look well: what runs them lost sight of them. */
export function silentApps(state: ClusterState): string[] {
  return [...state.workloads.values()].flatMap(({ value }) => {
    const pods = podsOf(state, value.name);
    const isShort = (value.ready ?? value.available ?? 0) < (value.desired ?? 0);
    return isShort && pods.length > 0 && pods.every((pod) => troubleOf(pod.value) === null)
      ? [value.name]
      : [];
  });
}

/** How a pod of this application is made: as it runs, else as it is declared. */
export function specOf(state: ClusterState, app: string): Seen<PodSpec> | null {
  for (const { value, calls } of podsOf(state, app)) {
    if (value.spec === null) continue;
    const declared = state.workloads.get(app);
    const spec = { ...value.spec };
    for (const key of ['nodeAffinity', 'podAntiAffinity', 'pullSecrets', 'runAsUser', 'dnsPolicy'] as const) {
      if (spec[key] === null && declared?.value.spec != null)
        Object.assign(spec, { [key]: declared.value.spec[key] });
    }
    return { value: spec, calls: [...calls, ...(declared?.value.spec == null ? [] : declared.calls)] };
  }
  const workload = state.workloads.get(app);
  return workload?.value.spec == null ? null : { value: workload.value.spec, calls: workload.calls };
}

export const mainContainers = (spec: PodSpec): ContainerSpec[] => spec.containers.filter(({ init }) => !init);

/** Warnings about an object that was seen in full. */
export function warnings(events: readonly ClusterEvent[] | null): readonly ClusterEvent[] {
  return (events ?? []).filter(({ warning }) => warning);
}

/** Messages about a pod from wherever they were seen: its events, its containers' states, its conditions. */
export function messagesOf(pod: Pod, state: ClusterState): string[] {
  const states = (pod.containers ?? []).flatMap(({ state: now, last }) => [now, last]);
  const events = (state.events?.value ?? []).filter(
    ({ about, warning }) => warning && about?.name === pod.name,
  );
  return [
    ...[...warnings(pod.events), ...events].map(({ reason, message }) => `${reason}: ${message}`),
    ...states.flatMap((one) => (one?.message == null ? [] : [`${one.reason ?? ''}: ${one.message}`])),
    ...(pod.conditions ?? []).flatMap(({ status, reason, message }) =>
      status === 'True' || message === null ? [] : [`${reason ?? ''}: ${message}`],
    ),
  ];
}

/** Whether labels satisfy a selector; an empty selector selects nothing. */
export function selects(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

/** A node that its cluster does not hear from, or that says it is not ready. */
export const isDown = (node: ClusterNode): boolean => node.ready === 'False' || node.ready === 'Unknown';

export const unique = (calls: readonly CallId[]): CallId[] => [...new Set(calls)];
