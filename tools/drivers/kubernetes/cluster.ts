import type { Clock } from '#core/clock.ts';
import type { ClusterEvent, ClusterObject } from '#incidents/observations-cluster.ts';
import type { ClusterDriver } from '../cluster-port.ts';
import { millicores, quantity } from '../quantity.ts';
import type { Gap, Seen } from '../seen.ts';
import { type ClusterSettings, createKubeClient } from './client.ts';
import { dependenciesOf } from './dependencies.ts';
import { objectsOf } from './kinds.ts';
import { createLister, type Lister } from './lister.ts';
import { errorLogsOf } from './logs.ts';
import { nodeServiceOf } from './node-service.ts';
import { eventOf } from './to-objects.ts';
import { Event } from './wire.ts';
import { WirePod } from './wire-pod.ts';

const MOST_EVENTS = 500;
/** Kinds as events name them. */
const KINDS: Readonly<Partial<Record<ClusterObject['kind'], string>>> = {
  pod: 'Pod',
  replicaset: 'ReplicaSet',
  node: 'Node',
  pvc: 'PersistentVolumeClaim',
};

/**
 * Looks at a cluster through the API server alone, with the rights of its token: nothing runs in the cluster for it. What
 * the API does not show (connections from inside, measurements) is a gap that says so. Loads nothing before the first look.
 */
export function createKubernetesCluster(settings: ClusterSettings, clock: Clock): ClusterDriver {
  const client = createKubeClient(settings, clock);
  const list = createLister(client, clock);
  return {
    list: async (query, signal) => objectsOf(list, query, signal),
    describe: (query, signal) => describe(list, query, signal),
    manifest: (query, signal) => manifest(list, query, signal),
    events: async ({ namespace }, signal) => {
      const seen = await eventsIn(list, { namespace }, signal);
      return seen.kind === 'gap' ? seen : { kind: 'seen', value: warningsFirst(seen.value) };
    },
    errorLogs: (query, signal) => errorLogsOf({ client, list }, query, signal),
    nodeService: (query, signal) => nodeServiceOf(list, query, signal),
    dependencies: (query, signal) => dependenciesOf(list, query, signal),
    connect: () => Promise.resolve(notShown('whether a port can be connected to from inside the cluster')),
    anomalies: () => Promise.resolve(notShown('measurements over time')),
  };
}

const notShown = (what: string): Gap => ({
  kind: 'gap',
  reason: 'not_configured',
  detail: `the Kubernetes API does not show ${what}`,
});

type One = Parameters<ClusterDriver['describe']>[0];

async function describe(list: Lister, query: One, signal: AbortSignal): Promise<Seen<ClusterObject>> {
  const seen = await objectsOf(list, query, signal);
  if (seen.kind === 'gap') return seen;
  const [object] = seen.value.objects;
  if (object === undefined)
    return { kind: 'gap', reason: 'no_data', detail: `there is no ${query.kind} ${query.name}` };
  return { kind: 'seen', value: await completed(list, { object, namespace: query.namespace }, signal) };
}

/** Joins what other objects say of it; what may not be seen of that stays unknown. */
async function completed(
  list: Lister,
  { object, namespace }: { object: ClusterObject; namespace: string },
  signal: AbortSignal,
): Promise<ClusterObject> {
  switch (object.kind) {
    case 'pod':
    case 'workload':
    case 'replicaset': {
      const events = await eventsAbout(list, { object, namespace }, signal);
      return { ...object, events };
    }
    case 'pvc': {
      const events = await eventsAbout(list, { object, namespace }, signal);
      const pods = await list.all({ ...PODS, namespace, shape: WirePod }, signal);
      if (pods.kind === 'gap') return { ...object, events };
      const users = pods.value.items.filter(({ spec }) =>
        spec.volumes.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === object.name),
      );
      return { ...object, events, usedBy: users.map(({ metadata }) => metadata.name) };
    }
    case 'node': {
      const events = await eventsAbout(list, { object, namespace: 'default' }, signal);
      return { ...object, events, requested: await requestedOn(list, object.name, signal) };
    }
    case 'service': {
      const seen = await objectsOf(list, { namespace, kind: 'endpoints', name: object.name }, signal);
      const found = seen.kind === 'seen' ? seen.value.objects[0] : undefined;
      if (found?.kind === 'endpoints') return { ...object, endpoints: found.addresses };
      return seen.kind === 'gap' && seen.reason === 'no_data' ? { ...object, endpoints: [] } : object;
    }
    default:
      return object;
  }
}

const PODS = { base: '/api/v1', resource: 'pods' } as const;

/** What all pods on a node ask for together; null where not all of them may be seen. */
async function requestedOn(list: Lister, node: string, signal: AbortSignal) {
  const fields = `spec.nodeName=${node},status.phase!=Failed,status.phase!=Succeeded`;
  const seen = await list.all({ ...PODS, namespace: null, fields, shape: WirePod }, signal);
  if (seen.kind === 'gap' || seen.value.truncated) return null;
  const asked = seen.value.items.flatMap(({ spec }) => spec.containers.map(({ resources }) => resources));
  const sum = (amounts: readonly (number | null)[]): number =>
    amounts.reduce<number>((total, one) => total + (one ?? 0), 0);
  return {
    cpu: sum(asked.map((one) => millicores(one?.requests.cpu ?? '0'))),
    memory: sum(asked.map((one) => quantity(one?.requests.memory ?? '0'))),
  };
}

async function eventsAbout(
  list: Lister,
  { object, namespace }: { object: ClusterObject; namespace: string },
  signal: AbortSignal,
): Promise<ClusterEvent[] | null> {
  const kind = object.kind === 'workload' ? object.type : KINDS[object.kind];
  const fields = `involvedObject.name=${object.name},involvedObject.kind=${kind ?? ''}`;
  const seen = await eventsIn(list, { namespace, fields }, signal);
  return seen.kind === 'gap' ? null : warningsFirst(seen.value).slice(0, 50);
}

async function eventsIn(
  list: Lister,
  at: { namespace: string; fields?: string },
  signal: AbortSignal,
): Promise<Seen<ClusterEvent[]>> {
  const seen = await list.all({ base: '/api/v1', resource: 'events', ...at, shape: Event }, signal);
  if (seen.kind === 'gap') return seen;
  return { kind: 'seen', value: seen.value.items.map((event) => eventOf(event, list.now())) };
}

/** Of each kind the newest first. */
function warningsFirst(events: readonly ClusterEvent[]): ClusterEvent[] {
  const age = ({ ageS }: ClusterEvent): number => ageS ?? Number.MAX_SAFE_INTEGER;
  return [...events]
    .sort((a, b) => Number(b.warning) - Number(a.warning) || age(a) - age(b))
    .slice(0, MOST_EVENTS);
}

/** The workload of a name, the services that select its pods, its claims and their volumes. */
async function manifest(
  list: Lister,
  { namespace, app }: { namespace: string; app: string },
  signal: AbortSignal,
): Promise<Seen<readonly ClusterObject[]>> {
  const seen = await objectsOf(list, { namespace, kind: 'workload', name: app }, signal);
  if (seen.kind === 'gap') return seen;
  const [workload] = seen.value.objects;
  if (workload?.kind !== 'workload') return { kind: 'seen', value: [] };
  const [services, claims] = await Promise.all([
    objectsOf(list, { namespace, kind: 'service' }, signal),
    objectsOf(list, { namespace, kind: 'pvc' }, signal),
  ]);
  const claimed = (workload.spec?.volumes ?? []).flatMap(({ claim }) => claim ?? []);
  const around = [services, claims].flatMap((one) => (one.kind === 'seen' ? one.value.objects : []));
  const own = around.filter(
    (one) =>
      (one.kind === 'service' && (one.name === app || selects(one.selector, workload.selector))) ||
      (one.kind === 'pvc' && claimed.includes(one.name)),
  );
  return { kind: 'seen', value: [workload, ...own] };
}

type Labels = Readonly<Record<string, string>> | null;
function selects(selector: Labels, labels: Labels): boolean {
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels?.[key] === value);
}
