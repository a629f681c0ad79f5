import type { CallId } from '#core/ids.ts';
import type { ClusterService, Pod } from '#incidents/observations-cluster.ts';
import { appOf, isDown, mainContainers, selects, specOf, troubleOf, unique } from './facts.ts';
import { appRef, type ClusterDetector, type ClusterFinding } from './finding.ts';
import type { ClusterState, Seen } from './state.ts';

/** A service, the pods that it selects, and the application that it is meant for. */
export type Route = {
  readonly service: ClusterService;
  readonly app: string;
  readonly selected: readonly Seen<Pod>[];
  /** Null while it was not seen. */
  readonly addresses: readonly string[] | null;
  readonly calls: readonly CallId[];
};

/** Every service that selects pods. */
export function routes(state: ClusterState): Route[] {
  return [...state.services.values()].flatMap(({ value: service, calls }): Route[] => {
    if (service.selector === null || Object.keys(service.selector).length === 0) return [];
    const selector = service.selector;
    const selected = [...state.pods.values()].filter(({ value }) => selects(selector, value.labels ?? {}));
    const endpoints = state.endpoints.get(service.name);
    const looks = [
      ...calls,
      ...(endpoints?.calls ?? []),
      ...(state.listed.has('pod') ? [state.listed.get('pod')] : []),
    ];
    return [
      {
        service,
        app: meantFor(state, service, selected),
        selected,
        addresses: endpoints?.value ?? service.endpoints,
        calls: unique(looks.flatMap((call) => call ?? [])),
      },
    ];
  });
}

/** The application behind it; where it selects none, the one that bears its name, else the one most like its selector. */
function meantFor(state: ClusterState, service: ClusterService, selected: readonly Seen<Pod>[]): string {
  const [first] = selected;
  if (first !== undefined) return appOf(first.value);
  const apps = new Set([...state.pods.values()].map(({ value }) => appOf(value)));
  for (const { value } of state.workloads.values()) apps.add(value.name);
  if (apps.has(service.name)) return service.name;
  const own = service.labels?.app ?? service.labels?.['app.kubernetes.io/name'];
  if (own !== undefined && apps.has(own)) return own;
  const wanted = Object.entries(service.selector ?? {});
  const near = [...state.pods.values()].find(({ value }) =>
    wanted.some(([key, label]) => value.labels?.[key] === label),
  );
  return near === undefined ? service.name : appOf(near.value);
}

/** Neither in trouble itself nor on a node that is. */
function isWell(state: ClusterState, pod: Pod): boolean {
  const node = pod.node === null ? undefined : state.nodes.get(pod.node);
  return troubleOf(pod) === null && (node === undefined || !isDown(node.value));
}

const wellPods = (state: ClusterState, app: string): Seen<Pod>[] =>
  [...state.pods.values()].filter(({ value }) => appOf(value) === app && isWell(state, value));

/** One finding for each application: several services may lead to it. */
function each(
  state: ClusterState,
  judge: (route: Route) => { points: number; calls?: readonly CallId[] },
): ClusterFinding[] {
  const best = new Map<string, ClusterFinding>();
  for (const route of routes(state)) {
    const { points, calls = [] } = judge(route);
    if (points > (best.get(route.app)?.points ?? 0))
      best.set(route.app, {
        object: appRef(route.app),
        points,
        for: unique([...route.calls, ...calls]).slice(0, 8),
      });
  }
  return [...best.values()];
}

/** It selects nothing, while pods that are well stand where it should lead. */
const selectorMismatch: ClusterDetector = {
  cause: 'service_selector_mismatch',
  find: (state) =>
    !state.listed.has('pod')
      ? []
      : each(state, ({ selected, app, addresses }) => {
          if (selected.length > 0 || (addresses ?? []).length > 0) return { points: 0 };
          if (wellPods(state, app).length === 0) return { points: 0 };
          return { points: addresses === null ? 86 : 95 };
        }),
};

/** Ports that a service leads to and that the containers behind it do not declare; null where these were not seen. */
export function undeclared(
  state: ClusterState,
  { service, app, addresses }: Route,
): (number | string)[] | null {
  const spec = specOf(state, app);
  const ports = spec === null ? [] : mainContainers(spec.value).flatMap((one) => one.ports ?? []);
  if (ports.length === 0) return null;
  const known = new Set<number | string>(
    ports.flatMap(({ name, port }) => (name === null ? [port] : [port, name])),
  );
  const targets = (service.ports ?? []).flatMap(({ target }) => target ?? []);
  const reached = (addresses ?? []).map((one) => Number(one.slice(one.lastIndexOf(':') + 1)));
  return [...targets, ...reached].filter((one) => !known.has(one));
}

/** The target port of a service is one that the selected pods do not have. */
const portMapping: ClusterDetector = {
  cause: 'service_port_mapping_mismatch',
  find: (state) =>
    each(state, (route) => {
      const { service, selected, app, addresses } = route;
      if (!selected.some(({ value }) => isWell(state, value))) return { points: 0 };
      const calls = specOf(state, app)?.calls ?? [];
      const lost = undeclared(state, route);
      const isEmpty = addresses?.length === 0;
      if (lost === null) return { points: isEmpty ? 60 : 0 };
      if (lost.length === 0) return { points: isEmpty ? 68 : 0, calls };
      // A port need not be declared to be open: only a connection that failed settles it.
      return { points: isEmpty || isRefused(state, service) ? 96 : isOpen(state, service) ? 0 : 66, calls };
    }),
};

const isOpen = (state: ClusterState, { name, ports }: ClusterService): boolean =>
  (ports ?? []).some(({ port }) => state.connections.get(`${name}:${port}`)?.value === true);

/** Whether something saw connections to this service fail. */
export function isRefused(state: ClusterState, service: ClusterService): boolean {
  for (const { port } of service.ports ?? []) {
    const open = state.connections.get(`${service.name}:${port}`);
    if (open !== undefined) return !open.value;
  }
  return dialErrors(state).some(
    ({ host, why }) => why !== 'no_name' && (host === service.name || host === service.clusterIp),
  );
}

/** The service speaks another transport than the containers behind it. */
const protocolMismatch: ClusterDetector = {
  cause: 'service_protocol_mismatch',
  find: (state) =>
    each(state, ({ service, app }) => {
      const spec = specOf(state, app);
      const containers = spec === null ? [] : mainContainers(spec.value);
      const ports = containers.flatMap((one) => one.ports ?? []);
      const wrong = (service.ports ?? []).filter(({ protocol, target, port }) => {
        const behind = ports.filter(
          (one) => one.port === target || one.name === target || (target === null && one.port === port),
        );
        return behind.length > 0 && behind.every((one) => one.protocol !== protocol);
      });
      if (wrong.length > 0) return { points: 96, calls: spec?.calls ?? [] };
      const odd = (service.ports ?? []).some(({ protocol }) => protocol !== 'TCP');
      return { points: odd && isLone(state) && ports.length === 0 ? 68 : 0 };
    }),
};

/** Whether all other services speak TCP. */
const isLone = (state: ClusterState): boolean =>
  [...state.services.values()].filter(({ value }) =>
    (value.ports ?? []).some(({ protocol }) => protocol !== 'TCP'),
  ).length === 1;

/** Applications that the outside comes in by. */
export function entrances(state: ClusterState): string[] {
  const open = routes(state).filter(
    ({ service }) => service.type === 'NodePort' || service.type === 'LoadBalancer',
  );
  return [...new Set(open.map(({ app }) => app))].slice(0, 2);
}

/** The entrances, and whom they hand everything on to. */
export function gateways(state: ClusterState): string[] {
  const open = entrances(state);
  const next = [...state.dependencies.values()].flatMap(({ value }) =>
    value.edges.filter(({ from }) => open.includes(from)).map(({ to }) => to),
  );
  return [...new Set([...open, ...next])];
}

export type DialError = {
  /** Who logged it. */
  readonly from: string;
  readonly host: string;
  readonly port: number | null;
  readonly why: 'refused' | 'timeout' | 'no_name';
  readonly count: number;
  readonly calls: readonly CallId[];
};

const NAMES: readonly RegExp[] = [
  /lookup ([\w.-]+?)\.?(?: on [^ ]+)?: (?:no such host|Temporary failure|server misbehaving|i\/o timeout)/,
  /Failed to resolve '([\w.-]+)'/,
  /UnknownHostException: ([\w.-]+)/,
  /host not found in upstream "([\w.-]+)/,
  /(?:getaddrinfo|gethostbyname)\D{0,20}(?:ENOTFOUND|EAI_AGAIN) ([\w.-]+)/,
  /(?:could not resolve host|Unknown (?:MySQL server )?host|could not translate host name|Name or service not known)\W{0,4}'?"?([\w.-]+)/i,
];
const DIALS: readonly RegExp[] = [
  /dial tcp ([\d.]+|[\w.-]+):(\d+): (?:connect: )?(connection refused|i\/o timeout|no route to host|connection timed out)/,
  /(ECONNREFUSED|ETIMEDOUT) ([\w.-]+):(\d+)/,
  /while connecting to upstream,.*upstream: "\w+:\/\/([\w.-]+):(\d+)/,
  /(?:Connection refused|connect(?:ion)? timed out)[^/\w]{0,12}(?:to )?:? ?\/?([\w.-]+)(?:\/[\d.]+)?:(\d+)/i,
  /Failed to connect to \/?([\w.-]+)(?:\/[\d.]+)?:(\d+)/i,
];

/** Failed attempts to reach something, as the seen error logs tell them. */
export function dialErrors(state: ClusterState): DialError[] {
  return [...state.logs].flatMap(([from, { value, calls }]) =>
    value.patterns.flatMap(({ sample, count }): DialError[] => {
      const name = NAMES.map((pattern) => pattern.exec(sample)?.[1]).find((one) => one !== undefined);
      if (name !== undefined) return [{ from, host: name, port: null, why: 'no_name', count, calls }];
      for (const pattern of DIALS) {
        const found = pattern.exec(sample);
        if (found === null) continue;
        const [, a = '', b = '', c = ''] = found;
        const [host, port, word] = /^E[A-Z]+$/.test(a) ? [b, c, a] : [a, b, sample];
        const why = /refused/i.test(word) ? 'refused' : 'timeout';
        return [{ from, host, port: Number(port), why, count, calls }];
      }
      return [];
    }),
  );
}

/** Causes that keep traffic from pods that are well. */
export const routingDetectors: readonly ClusterDetector[] = [selectorMismatch, portMapping, protocolMismatch];
