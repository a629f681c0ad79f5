import type { CallId } from '#core/ids.ts';
import type { Quota } from '#incidents/observations-cluster.ts';
import { addressesOf, wrongAddresses } from './addresses.ts';
import { appsWithoutService, exceeded, refusals } from './admission.ts';
import { appsWithoutPods, isDown, sickApps, silentApps, specOf } from './facts.ts';
import { appRef, type ClusterFinding, namespaceRef, nodeRef } from './finding.ts';
import { networkAnomalies } from './nodes.ts';
import { isRefused, routes } from './routing.ts';
import type { ClusterState } from './state.ts';
import { stuckClaims } from './storage.ts';

/**
 * Where the trouble is, whatever its cause: for people to start from when no cause stands out. Points only order them; none
 * is a claim about a cause.
 */
export function troubled(state: ClusterState): ClusterFinding[] {
  const best = new Map<string, ClusterFinding>();
  for (const one of [...ofNodes(state), ...ofNamespace(state), ...ofApps(state), ...ofTraffic(state)])
    if (one.points > (best.get(one.object)?.points ?? 0)) best.set(one.object, one);
  return [...best.values()].sort((a, b) => b.points - a.points);
}

const found = (
  object: ClusterFinding['object'],
  points: number,
  calls: readonly CallId[],
): ClusterFinding => ({
  object,
  points,
  for: calls.slice(0, 8),
});

function ofNodes(state: ClusterState): ClusterFinding[] {
  const down = [...state.nodes.values()].filter(({ value }) => isDown(value));
  const stopped = [...state.nodeServices.values()].filter(
    ({ value }) => value.state === 'inactive' || value.state === 'failed',
  );
  return [
    ...down.map(({ value, calls }) => found(nodeRef(value.name), 62, calls)),
    ...stopped.map(({ value, calls }) => found(nodeRef(value.node), 61, calls)),
    ...networkAnomalies(state).map(({ name, calls }, i) => found(nodeRef(name), i === 0 ? 56 : 30, calls)),
  ];
}

function ofNamespace(state: ClusterState): ClusterFinding[] {
  const told = refusals(state).filter(({ message }) => exceeded(message).length > 0);
  const quotas = [...state.quotas.values()];
  const isShort =
    appsWithoutPods(state).length > 0 ||
    (appsWithoutService(state).length > 0 && isServiceQuotaFull(quotas.map(({ value }) => value))) ||
    stuckClaims(state).some(({ claim }) => claim === null);
  return [
    ...told.map(({ calls }) => found(namespaceRef(state.namespace), 60, calls)),
    ...(quotas.length > 0 && isShort
      ? quotas.map(({ calls }) => found(namespaceRef(state.namespace), 57, calls))
      : []),
  ];
}

const isServiceQuotaFull = (quotas: readonly Quota[]): boolean =>
  quotas.some(({ lines }) =>
    lines.some(({ resource, used, hard }) => /services$/.test(resource) && (used ?? 0) >= (hard ?? Infinity)),
  );

const SICK = { stuck: 54, crashing: 53, unready: 50, restarting: 46 } as const;

function ofApps(state: ClusterState): ClusterFinding[] {
  const stopped = new Set(
    [...state.nodes.values()].filter(({ value }) => isDown(value)).map(({ value }) => value.name),
  );
  const zero = [...state.workloads.values()].filter(({ value }) => value.desired === 0);
  return [
    ...sickApps(state).map(({ app, trouble, pods }) => {
      const isNodes = pods.every(({ value }) => value.node !== null && stopped.has(value.node));
      return found(
        appRef(app),
        isNodes ? 30 : SICK[trouble],
        pods.flatMap(({ calls }) => calls),
      );
    }),
    ...appsWithoutPods(state).map(({ app, calls }) => found(appRef(app), 52, calls)),
    ...zero.map(({ value, calls }) => found(appRef(value.name), 48, calls)),
    ...silentApps(state).map((app) => found(appRef(app), 28, state.workloads.get(app)?.calls ?? [])),
  ];
}

function ofTraffic(state: ClusterState): ClusterFinding[] {
  const blocked = routes(state).flatMap(({ service, app, addresses, calls }) => {
    if (addresses !== null && addresses.length === 0) return [found(appRef(app), 49, calls)];
    return isRefused(state, service) ? [found(appRef(app), 44, calls)] : [];
  });
  const lost = [...state.workloads.keys()].flatMap((app) => {
    const spec = specOf(state, app);
    if (spec === null || addressesOf(spec.value).length === 0) return [];
    const wrong = wrongAddresses(state, spec.value);
    return wrong.length === 0
      ? []
      : [found(appRef(app), wrong.some(({ why }) => why !== 'unknown_name') ? 53 : 25, spec.calls)];
  });
  const measured = (state.anomalies?.value ?? []).flatMap(({ kind, name, what }) =>
    kind === 'app'
      ? [
          found(
            appRef(name),
            what === 'cpu_throttled' ? 45 : what === 'cpu_use' ? 38 : 26,
            state.anomalies?.calls ?? [],
          ),
        ]
      : [],
  );
  return [...blocked, ...lost, ...measured];
}
