import type { ClusterLook } from '../read.ts';
import { appsWithoutService } from './admission.ts';
import { databaseApp } from './databases.ts';
import { podsOf } from './facts.ts';
import { networkAnomalies } from './nodes.ts';
import { dialErrors, entrances, routes, undeclared } from './routing.ts';
import { describe, list, logs, MANY, manifest, type Stage } from './stage.ts';

const MOST_NODES = 6;

/** How others reach what runs. */
export const traffic: Stage = () => [list('service'), list('endpoints')];

/** Something that should be reached is not served by any service: may no more be made? */
export const unserved: Stage = (state) => (appsWithoutService(state).length > 0 ? [list('quota')] : []);

/** A database is what many others lean on; and who measures badly may say why. */
export const erring: Stage = (state) => {
  const database = databaseApp(state);
  const measured = (state.anomalies?.value ?? []).filter(
    ({ kind, what }) => kind === 'app' && what === 'errors',
  );
  const apps = [...measured.map(({ name }) => name), ...(database === null ? [] : [database])];
  return [...new Set(apps)].slice(0, MANY).map(logs);
};

/** Services that lead nowhere, or speak otherwise than all others. */
export const oddRoutes: Stage = (state) =>
  routes(state)
    .filter(
      ({ addresses, service }) =>
        addresses?.length === 0 || (service.ports ?? []).some(({ protocol }) => protocol !== 'TCP'),
    )
    .slice(0, MANY)
    .flatMap(({ app, service }) => [manifest(app), describe('service', service.name)]);

/** What was measured out of its usual range. */
export const measurements: Stage = () => [{ tool: 'system_anomalies', args: {} }];

/** Who calls whom among the slow ones. */
export const slowPart: Stage = (state) => {
  const slow = (state.anomalies?.value ?? []).find(({ kind }) => kind === 'app');
  if (slow === undefined) return [];
  const entry = entrances(state)[0] ?? slow.name;
  return [
    { tool: 'service_dependencies', args: { app: entry } },
    ...(networkAnomalies(state).length > 0 ? [list('node')] : []),
  ];
};

/** What those say who let the outside in, and what they are told. */
export const entrance: Stage = (state) => entrances(state).flatMap((app) => [logs(app), manifest(app)]);

/** Where those who log failed connections wanted to go, and how they were told to. */
export const blamed: Stage = (state) => {
  const errors = dialErrors(state).sort((a, b) => b.count - a.count);
  const apps = errors.flatMap(({ host }) => {
    const route = routes(state).find(
      ({ service }) => service.name === host.split('.')[0] || service.clusterIp === host,
    );
    return route === undefined ? [] : [route.app];
  });
  return [...new Set(apps)].slice(0, 4).map(manifest);
};

/** Services that errors speak of, from who comes in down to who is at the bottom. */
export const mentioned: Stage = (state) => {
  const samples = [...state.logs].flatMap(([from, { value }]) =>
    value.patterns.map(({ sample }) => ({ from, sample })),
  );
  const apps = routes(state).flatMap(({ service, app }) =>
    samples.some(({ from, sample }) => from !== app && sample.includes(service.name)) ? [app] : [],
  );
  return [...new Set(apps)].slice(0, 4).map(logs);
};

/** Services that lead to another port than their own: do the pods have it, and does anybody answer there? */
export const crooked: Stage = (state) =>
  routes(state)
    .filter(({ service, addresses }) =>
      (addresses ?? []).some((one) => !(service.ports ?? []).some(({ port }) => one.endsWith(`:${port}`))),
    )
    .slice(0, MANY)
    .flatMap((route): ClusterLook[] => {
      const [first] = route.service.ports ?? [];
      const lost = undeclared(state, route);
      if (lost === null) return [manifest(route.app)];
      return lost.length === 0 || first === undefined
        ? []
        : [{ tool: 'connectivity_check', args: { service: route.service.name, port: first.port } }];
    });

/** The nodes, where nothing else was found. */
export const nodes: Stage = () => [list('node')];

/** Whether services can work at all on the nodes that are in use. */
export const proxies: Stage = (state) =>
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
export const callers: Stage = (state) => {
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
