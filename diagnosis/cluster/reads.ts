import type { ClusterKind } from '#incidents/observations-cluster.ts';
import type { ClusterLook, ClusterRead } from '../read.ts';
import { appsWithoutService } from './admission.ts';
import { databaseApp } from './databases.ts';
import {
  appsWithoutPods,
  isDown,
  messagesOf,
  podsOf,
  type SickApp,
  sickApps,
  silentApps,
  specOf,
} from './facts.ts';
import { networkAnomalies } from './nodes.ts';
import { dialErrors, entrances, routes } from './routing.ts';
import { isUnplaced, schedulerVerdict } from './scheduling.ts';
import type { ClusterState } from './state.ts';
import { stuckClaims, waitsForVolume } from './storage.ts';

/** More applications in trouble than this point at something that they share. */
const MANY = 3;
const MOST_NODES = 6;

type Stage = (state: ClusterState) => ClusterLook[];

const list = (kind: ClusterKind): ClusterLook => ({ tool: 'k8s_list', args: { kind } });
const describe = (kind: ClusterKind, name: string): ClusterLook => ({
  tool: 'k8s_describe',
  args: { kind, name },
});
const manifest = (app: string): ClusterLook => ({ tool: 'k8s_manifest', args: { app } });
const logs = (app: string): ClusterLook => ({ tool: 'pod_logs', args: { app } });

/**
 * What to look at next, most telling first. What is in trouble is looked at before what might be: pods and what they should
 * be; then each sick application and what it waits for; then the way of the traffic; then measurements, nodes and the
 * applications at the entrance. A stage is left when nothing of it is open; looks already taken are left to the caller.
 */
export function clusterReads(
  state: ClusterState,
  done: ReadonlySet<string>,
  keyOf: (read: ClusterRead) => string,
): ClusterRead[] {
  for (const stage of STAGES) {
    const open = stage(state)
      .map((look): ClusterRead => ({ ...look, service: state.scope }))
      .filter((read) => !done.has(keyOf(read)));
    if (open.length > 0) return open;
  }
  return [];
}

const overview: Stage = () => [list('pod'), list('workload')];

const shared: Stage = (state) =>
  silentApps(state).length > 0 || sickApps(state).length >= MANY ? [list('node')] : [];

/** Nothing of it is meant to run: is it meant to be reached? */
const switchedOff: Stage = (state) =>
  [...state.workloads.values()].some(({ value }) => value.desired === 0) ? [list('service')] : [];

const downNodes: Stage = (state) =>
  [...state.nodes.values()].flatMap(({ value }): ClusterLook[] =>
    isDown(value)
      ? [
          { tool: 'node_service', args: { node: value.name, service: 'kubelet' } },
          { tool: 'node_service', args: { node: value.name, service: 'containerd' } },
        ]
      : [],
  );

/** The sickest pod of each of the sickest applications. */
const sickPods: Stage = (state) =>
  sickApps(state)
    .slice(0, MANY)
    .flatMap(({ pods: [first] }) => (first === undefined ? [] : [describe('pod', first.value.name)]));

const missingPods: Stage = (state) => {
  const missing = appsWithoutPods(state).slice(0, 2);
  if (missing.length === 0) return [];
  const sets = missing.flatMap(({ app }) =>
    [...state.replicasets.values()].filter(
      ({ value }) => value.app === app && (value.desired ?? 0) > (value.current ?? 0),
    ),
  );
  if (!state.listed.has('replicaset')) return [list('quota'), list('replicaset')];
  const [first] = missing;
  return [
    ...sets.slice(0, 2).map(({ value }) => describe('replicaset', value.name)),
    ...(first === undefined ? [] : [manifest(first.app), list('serviceaccount')]),
  ];
};

const placing: Stage = (state) =>
  waitingFor(state).flatMap(({ app, pods }): ClusterLook[] => {
    const [first] = pods;
    if (first === undefined || !isUnplaced(first.value)) return [];
    if (waitsForVolume(first.value, state)) return [];
    const verdict = schedulerVerdict(messagesOf(first.value, state));
    if (verdict === null) return first.value.events === null ? [] : [list('node'), ...schedulers(state)];
    const isAboutLabels = (verdict.counts.get('selector') ?? 0) > 0;
    const affinity = specOf(state, app)?.value.nodeAffinity ?? null;
    return [list('node'), ...(isAboutLabels && affinity === null ? [manifest(app)] : [])];
  });

/** The scheduler runs where the control plane does. */
function schedulers(state: ClusterState): ClusterLook[] {
  const nodes = [...state.nodes.values()].map(({ value }) => value);
  const masters = nodes.filter(({ labels, taints }) =>
    [
      ...Object.keys(labels ?? {}),
      ...Object.values(labels ?? {}),
      ...(taints ?? []).map(({ key }) => key),
    ].some((text) => /control-plane|master/.test(text)),
  );
  return (masters.length > 0 ? masters : nodes)
    .slice(0, 3)
    .map(
      ({ name }): ClusterLook => ({ tool: 'node_service', args: { node: name, service: 'kube-scheduler' } }),
    );
}

const volumes: Stage = (state) => {
  const waits = waitingFor(state).filter(({ pods }) =>
    pods.some(({ value }) => waitsForVolume(value, state)),
  );
  const [first] = waits;
  if (first === undefined) return [];
  const stuck = stuckClaims(state);
  const isMissing = stuck.some(({ claim }) => claim === null);
  return [
    list('pvc'),
    ...(isMissing ? [list('quota')] : [list('pv')]),
    manifest(first.app),
    ...(isMissing
      ? []
      : [list('storageclass'), ...stuck.slice(0, 1).map(({ name }) => describe('pvc', name))]),
  ];
};

/** What an application that does not stay up, or does not get ready, says itself. */
const failing: Stage = (state) =>
  sickApps(state)
    .filter(({ pods }) => pods.some(({ value }) => !isUnplaced(value)))
    .slice(0, MANY)
    .flatMap(({ app, pods }) => [
      logs(app),
      manifest(app),
      ...(pods.some(({ value }) => /ConfigError|ContainerCreating|Init/.test(value.status ?? ''))
        ? [list('secret')]
        : []),
    ]);

/** Where nothing else was found of a pod that does not start: what starts it. */
const runtimes: Stage = (state) => {
  const nodes = waitingFor(state).flatMap(({ pods }) => pods.flatMap(({ value }) => value.node ?? []));
  return [...new Set(nodes)]
    .slice(0, 2)
    .map((node): ClusterLook => ({ tool: 'node_service', args: { node, service: 'containerd' } }));
};

const traffic: Stage = () => [list('service'), list('endpoints')];

/** Something that should be reached is not served by any service: may no more be made? */
const unserved: Stage = (state) => (appsWithoutService(state).length > 0 ? [list('quota')] : []);

/** A database is what many others lean on; and who measures badly may say why. */
const erring: Stage = (state) => {
  const database = databaseApp(state);
  const measured = (state.anomalies?.value ?? []).filter(
    ({ kind, what }) => kind === 'app' && what === 'errors',
  );
  const apps = [...measured.map(({ name }) => name), ...(database === null ? [] : [database])];
  return [...new Set(apps)].slice(0, MANY).map(logs);
};

/** Services that lead nowhere, or speak otherwise than all others. */
const oddRoutes: Stage = (state) =>
  routes(state)
    .filter(
      ({ addresses, service }) =>
        addresses?.length === 0 || (service.ports ?? []).some(({ protocol }) => protocol !== 'TCP'),
    )
    .slice(0, MANY)
    .flatMap(({ app, service }) => [manifest(app), describe('service', service.name)]);

const measurements: Stage = () => [{ tool: 'system_anomalies', args: {} }];

const slowPart: Stage = (state) => {
  const slow = (state.anomalies?.value ?? []).find(({ kind }) => kind === 'app');
  if (slow === undefined) return [];
  const entry = entrances(state)[0] ?? slow.name;
  return [
    { tool: 'service_dependencies', args: { app: entry } },
    ...(networkAnomalies(state).length > 0 ? [list('node')] : []),
  ];
};

const entrance: Stage = (state) => entrances(state).flatMap((app) => [logs(app), manifest(app)]);

/** Where those who log failed connections wanted to go, and how they were told to. */
const blamed: Stage = (state) => {
  const errors = dialErrors(state).sort((a, b) => b.count - a.count);
  const apps = errors.flatMap(({ host }) => {
    const route = routes(state).find(
      ({ service }) => service.name === host.split('.')[0] || service.clusterIp === host,
    );
    return route === undefined ? [] : [route.app];
  });
  return [...new Set(apps)].slice(0, 4).map(manifest);
};

const nodes: Stage = () => [list('node')];

const proxies: Stage = (state) =>
  [...state.nodes.values()]
    .filter(({ value }) => [...state.pods.values()].some((pod) => pod.value.node === value.name))
    .slice(0, MOST_NODES)
    .map(
      ({ value }): ClusterLook => ({
        tool: 'node_service',
        args: { node: value.name, service: 'kube-proxy' },
      }),
    );

/** Who calls many others is told many addresses. */
const callers: Stage = (state) => {
  const [first] = entrances(state);
  const known = first === undefined ? undefined : state.dependencies.get(first);
  const edges = known?.value.edges ?? [];
  const counts = new Map<string, number>();
  for (const { from } of edges) counts.set(from, (counts.get(from) ?? 0) + 1);
  const ordered = [...counts].sort((a, b) => b[1] - a[1]).map(([app]) => app);
  return [
    ...(first === undefined ? [] : [{ tool: 'service_dependencies', args: { app: first } } as const]),
    ...ordered
      .filter((app) => podsOf(state, app).length > 0)
      .slice(0, 6)
      .flatMap((app) => [manifest(app), logs(app)]),
  ];
};

const waitingFor = (state: ClusterState): SickApp[] =>
  sickApps(state)
    .filter(({ trouble }) => trouble === 'stuck')
    .slice(0, MANY);

const STAGES: readonly Stage[] = [
  overview,
  switchedOff,
  shared,
  downNodes,
  missingPods,
  sickPods,
  placing,
  volumes,
  failing,
  runtimes,
  traffic,
  unserved,
  oddRoutes,
  measurements,
  slowPart,
  entrance,
  blamed,
  erring,
  nodes,
  downNodes,
  proxies,
  callers,
];
