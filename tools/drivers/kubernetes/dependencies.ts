import { ClusterName, type ClusterObject, type Dependencies } from '#incidents/observations-cluster.ts';
import type { OfApp } from '../cluster-port.ts';
import type { Seen } from '../seen.ts';
import { objectsOf } from './kinds.ts';
import type { Lister } from './lister.ts';

type Workload = Extract<ClusterObject, { kind: 'workload' }>;
type Service = Extract<ClusterObject, { kind: 'service' }>;
const MOST_EDGES = 500;

/**
 * Who calls whom, by the addresses that applications are given in their environment: what they find in another way is not
 * among it. Traffic itself is not looked at.
 */
export async function dependenciesOf(
  list: Lister,
  { namespace, app }: OfApp,
  signal: AbortSignal,
): Promise<Seen<Dependencies>> {
  const [workloads, services] = await Promise.all([
    objectsOf(list, { namespace, kind: 'workload' }, signal),
    objectsOf(list, { namespace, kind: 'service' }, signal),
  ]);
  if (workloads.kind === 'gap') return workloads;
  if (services.kind === 'gap') return services;
  const apps = workloads.value.objects.filter((one) => one.kind === 'workload');
  const targets = services.value.objects.filter((one) => one.kind === 'service');
  const edges = apps.flatMap((one) => callsOf(one, { apps, targets, namespace }));
  const calledBy = edges.filter(({ to }) => to === app).map(({ from }) => from);
  return { kind: 'seen', value: { calledBy, edges: edges.slice(0, MOST_EDGES) } };
}

type Around = {
  readonly apps: readonly Workload[];
  readonly targets: readonly Service[];
  readonly namespace: string;
};

function callsOf(from: Workload, { apps, targets, namespace }: Around): Dependencies['edges'] {
  const hosts = new Set(
    (from.spec?.containers ?? []).flatMap(({ env }) => (env ?? []).flatMap(({ value }) => hostOf(value))),
  );
  const called = targets.filter(
    ({ name, clusterIp }) =>
      [name, `${name}.${namespace}`, `${name}.${namespace}.svc`].some((host) => hosts.has(host)) ||
      hosts.has(`${name}.${namespace}.svc.cluster.local`) ||
      (clusterIp !== null && hosts.has(clusterIp)),
  );
  const behind = called.map((service) => apps.find((one) => isBehind(one, service))?.name ?? service.name);
  return [...new Set(behind)].filter((to) => to !== from.name).map((to) => ({ from: from.name, to }));
}

function isBehind({ selector }: Workload, service: Service): boolean {
  const wanted = Object.entries(service.selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => selector?.[key] === value);
}

/** The host of `http://host:80/path`, `host:80` or `host`. */
function hostOf(value: string | null): string[] {
  const host = /^(?:[a-z][a-z0-9+.-]*:\/\/)?([^:/]+)/i.exec(value ?? '')?.[1]?.toLowerCase();
  return host !== undefined && ClusterName.safeParse(host).success ? [host] : [];
}
