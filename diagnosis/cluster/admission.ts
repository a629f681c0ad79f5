import type { CallId } from '#core/ids.ts';
import type { ClusterCause } from '#incidents/cluster-causes.ts';
import type { Quota } from '#incidents/observations-cluster.ts';
import { appsWithoutPods, unique, warnings } from './facts.ts';
import { appRef, type ClusterDetector, type ClusterFinding, namespaceRef } from './finding.ts';
import type { ClusterState } from './state.ts';
import { stuckClaims } from './storage.ts';

/** What a refusal of the API says, with where it was seen. */
type Refused = { readonly app: string | null; readonly message: string; readonly calls: readonly CallId[] };

/** Refusals to create pods: by what owns them, and by the events of the namespace. */
export function refusals(state: ClusterState): Refused[] {
  const own = [...state.replicasets.values(), ...state.workloads.values()].flatMap(({ value, calls }) =>
    warnings(value.events).map(({ message }) => ({
      app: value.kind === 'replicaset' ? value.app : value.name,
      message,
      calls,
    })),
  );
  const events = (state.events?.value ?? []).filter(({ warning }) => warning);
  return [
    ...own,
    ...events.map(({ message }) => ({ app: null, message, calls: state.events?.calls ?? [] })),
  ].filter(({ message }) => /forbidden|exceeded quota|not found/.test(message));
}

const RESOURCES: Readonly<Record<string, RegExp>> = {
  namespace_cpu_quota_exceeded: /^(requests\.|limits\.)?cpu$/,
  namespace_memory_quota_exceeded: /^(requests\.|limits\.)?memory$/,
  namespace_pod_quota_exceeded: /^(count\/)?pods$/,
  namespace_service_quota_exceeded: /^(count\/)?services(\.\w+)?$/,
  namespace_storage_quota_exceeded: /^requests\.storage$|persistentvolumeclaims$|storageclass/,
};

/** `requested: requests.cpu=1,pods=1, used: ..., limited: ...`: the resources that are named as exceeded. */
export function exceeded(message: string): string[] {
  const requested = /requested: (.*?), used:/.exec(message)?.[1] ?? '';
  return requested.split(',').flatMap((one) => one.trim().split('=')[0] ?? []);
}

/** Said by the API itself when it refuses: nothing else can be meant. */
function quota(cause: ClusterCause): ClusterDetector {
  const resource = RESOURCES[cause] ?? /$^/;
  return {
    cause,
    find: (state) => {
      const told = refusals(state).filter(
        ({ message }) =>
          /exceeded quota/.test(message) && exceeded(message).some((one) => resource.test(one)),
      );
      if (told.length > 0)
        return [
          at(
            state,
            96,
            told.flatMap(({ calls }) => calls),
          ),
        ];
      return guess(state, cause, resource);
    },
  };
}

function at(state: ClusterState, points: number, calls: readonly CallId[]): ClusterFinding {
  return { object: namespaceRef(state.namespace), points, for: unique(calls).slice(0, 8) };
}

/** What is missing, and whether the quota of such things is used up. */
function guess(state: ClusterState, cause: ClusterCause, resource: RegExp): ClusterFinding[] {
  const lines = [...state.quotas.values()].flatMap(({ value, calls }) =>
    value.lines.filter((line) => resource.test(line.resource)).map((line) => ({ line, calls })),
  );
  const quotaCalls = lines.flatMap(({ calls }) => calls);
  const full = lines.filter(({ line }) => isFull(line));
  if (lines.length === 0) return [];
  if (cause === 'namespace_storage_quota_exceeded') {
    const missing = stuckClaims(state).filter(({ claim }) => claim === null);
    if (missing.length === 0) return [];
    const over = missing.some(({ name }) =>
      wouldExceed(
        lines.map(({ line }) => line),
        state.pvcs.get(name)?.value.size ?? null,
      ),
    );
    const looks = [...quotaCalls, ...missing.flatMap(({ calls }) => calls)];
    return [at(state, over ? 95 : full.length > 0 ? 88 : 68, looks)];
  }
  if (cause === 'namespace_service_quota_exceeded') {
    const lacking = appsWithoutService(state);
    return lacking.length === 0 || full.length === 0 ? [] : [at(state, 92, quotaCalls)];
  }
  const missing = appsWithoutPods(state);
  if (missing.length === 0) return [];
  const looks = [...quotaCalls, ...missing.flatMap(({ calls }) => calls)];
  return [at(state, full.length > 0 ? 68 : 40, looks)];
}

type Line = Quota['lines'][number];
const isFull = ({ used, hard }: Line): boolean => used !== null && hard !== null && used >= hard;

/** Whether one more claim of this size does not fit; of unknown size: whether next to nothing is left. */
function wouldExceed(lines: readonly Line[], size: number | null): boolean {
  return lines.some(({ resource, used, hard }) => {
    if (used === null || hard === null) return false;
    if (/persistentvolumeclaims$/.test(resource)) return used + 1 > hard;
    return size !== null && used + size > hard;
  });
}

/** Applications that declare a service which does not exist. */
export function appsWithoutService(state: ClusterState): string[] {
  if (!state.listed.has('service')) return [];
  const live = [...state.services.values()].filter(({ value }) => value.clusterIp !== null);
  const names = new Set(live.map(({ value }) => value.name));
  const declared = [...state.services.values()].filter(({ value }) => value.clusterIp === null);
  const gone = declared.map(({ value }) => value.name).filter((name) => !names.has(name));
  const bare = [...state.workloads.values()].flatMap(({ value }) => {
    const isServed = live.some(
      ({ value: service }) =>
        service.name === value.name ||
        Object.values(service.selector ?? {}).some((label) =>
          Object.values(value.selector ?? {}).includes(label),
        ),
    );
    return isServed ? [] : [value.name];
  });
  return [...new Set([...gone, ...bare])];
}

/** The account that pods of an application must run as does not exist. */
const serviceAccount: ClusterDetector = {
  cause: 'missing_service_account',
  find: (state) => {
    const names = state.names.get('serviceaccount');
    const told = refusals(state).filter(({ message }) => /service ?account.*not found/i.test(message));
    return appsWithoutPods(state).flatMap(({ app, calls }): ClusterFinding[] => {
      const own = told.filter((one) => one.app === null || one.app === app);
      const account = state.workloads.get(app)?.value.spec?.serviceAccount ?? null;
      const isListed = state.listed.has('serviceaccount');
      const isAbsent = isListed && account !== null && !names?.has(account);
      // Pods are made before their account now and then; it is only the cause while nothing else is refused.
      const others = refusals(state).some(({ message }) => /exceeded quota/.test(message));
      if (own.length === 0 && !isAbsent) return [];
      const points = isAbsent ? 95 : others || (isListed && account !== null) ? 20 : 85;
      const looks = [
        ...calls,
        ...own.flatMap((one) => one.calls),
        ...(isListed ? [state.listed.get('serviceaccount')] : []),
      ];
      return [{ object: appRef(app), points, for: unique(looks.flatMap((call) => call ?? [])).slice(0, 8) }];
    });
  },
};

const zeroReplicas: ClusterDetector = {
  cause: 'deployment_zero_replicas',
  find: (state) =>
    [...state.workloads.values()].flatMap(({ value, calls }): ClusterFinding[] => {
      if (value.desired !== 0 || value.type === 'DaemonSet' || !state.listed.has('workload')) return [];
      const isServed = [...state.services.values()].some(
        ({ value: service }) => service.name === value.name || service.selector?.app === value.name,
      );
      return [
        {
          object: appRef(value.name),
          points: isServed ? 93 : state.listed.has('service') ? 60 : 68,
          for: calls,
        },
      ];
    }),
};

/** Causes that keep pods from being made at all. */
export const admissionDetectors: readonly ClusterDetector[] = [
  quota('namespace_cpu_quota_exceeded'),
  quota('namespace_memory_quota_exceeded'),
  quota('namespace_pod_quota_exceeded'),
  quota('namespace_service_quota_exceeded'),
  quota('namespace_storage_quota_exceeded'),
  serviceAccount,
  zeroReplicas,
];
