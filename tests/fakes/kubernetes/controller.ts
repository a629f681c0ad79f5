import { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import type { Obj, Store } from './store.ts';

const Template = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
  spec: z.looseObject({ containers: z.array(z.looseObject({ name: z.string(), image: z.string() })) }),
});
const Spec = z.looseObject({
  replicas: z.int(),
  selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
  template: Template,
});
type Spec = z.infer<typeof Spec>;

const REVISION = 'deployment.kubernetes.io/revision';
const HISTORY = 'deployment.kubernetes.io/revision-history';
const HASH = 'pod-template-hash';

export type Behaviour = {
  /** What comes of a container with an image. */
  readonly image: (image: string) => 'runs' | 'not_found' | 'crashes';
  /** How long a pod takes to start. */
  readonly startMs: number;
};
type Deps = { readonly store: Store; readonly clock: Clock; readonly behaviour: Behaviour };

/**
 * Does what the controllers of a cluster do with deployments: a new template gets a replica set and pods, one at a time
 * until they are ready; only then the old pods go. A template that was there before gets its old replica set back, with a
 * new number. Pods whose image does not exist stay, with the words that a kubelet has for it.
 */
export function startController({ store, clock, behaviour }: Deps): () => void {
  const busy = new Set<string>();
  const work = (name: string, namespace: string): void => {
    const key = `${namespace}/${name}`;
    if (busy.has(key)) return;
    busy.add(key);
    clock.after(0, () => {
      busy.delete(key);
      reconcile({ store, clock, behaviour }, { name, namespace });
    });
  };
  return store.onChange(({ collection, type, object }) => {
    const { namespace = '', labels } = object.metadata;
    if (collection === 'deployments' && type !== 'DELETED') work(object.metadata.name, namespace);
    if (collection === 'pods')
      for (const deployment of store.list('deployments', namespace))
        if (labels?.app === deployment.metadata.name) work(deployment.metadata.name, namespace);
  });
}

type At = { readonly name: string; readonly namespace: string };

function reconcile(deps: Deps, at: At): void {
  const { store } = deps;
  const deployment = store.get('deployments', at);
  if (deployment === undefined) return;
  const spec = Spec.parse(deployment.spec);
  const hash = sha256(sortedText(spec.template)).slice(0, 9);
  const own = store
    .list('replicasets', at.namespace)
    .filter((set) => ownerOf(set) === deployment.metadata.uid);
  const revision = revise(deps, { deployment, spec, hash, own });
  const pods = podsOf(store, at);
  const fresh = pods.filter((pod) => pod.metadata.labels?.[HASH] === hash);
  const old = pods.filter((pod) => pod.metadata.labels?.[HASH] !== hash);
  const ready = fresh.filter(isReady);
  // One more than wanted at a time while old ones are there.
  const most = old.length === 0 ? spec.replicas : Math.min(spec.replicas, ready.length + 1);
  for (let n = fresh.length; n < most; n += 1)
    startPod(deps, { at, spec, hash, owner: `${at.name}-${hash}` });
  for (const extra of fresh.slice(spec.replicas)) store.remove('pods', extra.metadata);
  const spare = Math.max(0, ready.length + old.length - spec.replicas);
  for (const gone of old.slice(0, spare)) store.remove('pods', gone.metadata);
  report(deps, { at, deployment, hash, revision });
}

/** The same for the same template, whatever the order of its fields. */
function sortedText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sortedText).join()}]`;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, one]) => `${key}:${sortedText(one)}`).join()}}`;
}

const ownerOf = ({ metadata }: Obj): string | undefined => metadata.ownerReferences?.[0]?.uid;
const podsOf = (store: Store, at: At): Obj[] =>
  store.list('pods', at.namespace).filter(({ metadata }) => metadata.labels?.app === at.name);
const Status = z.object({ containerStatuses: z.array(z.object({ ready: z.boolean() })) });
const isReady = (pod: Obj): boolean =>
  Status.safeParse(pod.status).data?.containerStatuses.every(({ ready }) => ready) ?? false;

type Revise = { deployment: Obj; spec: Spec; hash: string; own: readonly Obj[] };

/** The replica set of the template, with the highest number of all. */
function revise({ store }: Deps, { deployment, spec, hash, own }: Revise): number {
  const { name, namespace = '', uid } = deployment.metadata;
  const numberOf = (set: Obj): number => Number(set.metadata.annotations?.[REVISION] ?? 0);
  const highest = Math.max(0, ...own.map(numberOf));
  const set = own.find(({ metadata }) => metadata.labels?.[HASH] === hash);
  const labels = { ...spec.template.metadata.labels, [HASH]: hash };
  if (set !== undefined && numberOf(set) === highest) return highest;
  const annotations = {
    [REVISION]: String(highest + 1),
    ...(set !== undefined && { [HISTORY]: String(numberOf(set)) }),
  };
  const { template } = spec;
  store.put('replicasets', {
    kind: 'ReplicaSet',
    metadata: {
      ...set?.metadata,
      ...{ name: `${name}-${hash}`, namespace, labels, annotations },
      ownerReferences: [{ kind: 'Deployment', name, uid, controller: true }],
    },
    spec: {
      replicas: spec.replicas,
      selector: { matchLabels: labels },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
    status: { replicas: 0, readyReplicas: 0 },
  });
  return highest + 1;
}

type Start = { at: At; spec: Spec; hash: string; owner: string };
let pods = 0;

function startPod({ store, clock, behaviour }: Deps, { at, spec, hash, owner }: Start): void {
  pods += 1;
  const name = `${owner}-p${pods}`;
  const set = store.get('replicasets', { ...at, name: owner });
  const { containers } = spec.template.spec;
  const base = {
    kind: 'Pod',
    metadata: {
      ...{ name, namespace: at.namespace, labels: { ...spec.template.metadata.labels, [HASH]: hash } },
      ownerReferences: [{ kind: 'ReplicaSet', name: owner, uid: set?.metadata.uid ?? '', controller: true }],
    },
    spec: { ...spec.template.spec, nodeName: 'n1' },
  };
  const waiting = (reason: string, message?: string) => ({
    phase: 'Pending',
    startTime: new Date(clock.now()).toISOString(),
    containerStatuses: containers.map((one) => ({
      ...{ name: one.name, ready: false, restartCount: 0 },
      state: { waiting: { reason, ...(message !== undefined && { message }) } },
    })),
  });
  store.put('pods', { ...base, status: waiting('ContainerCreating') });
  clock.after(behaviour.startMs, () => {
    if (store.get('pods', base.metadata) === undefined) return;
    const image = containers[0]?.image ?? '';
    const became = behaviour.image(image);
    const said = `Failed to pull image "${image}": rpc error: code = NotFound desc = failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${image}: not found`;
    if (became === 'not_found') {
      store.put('pods', {
        ...base,
        status: waiting('ImagePullBackOff', `Back-off pulling image "${image}"`),
      });
      recordEvent({ store, clock }, { at, name, reason: 'Failed', message: said });
      return;
    }
    store.put('pods', {
      ...base,
      status: became === 'runs' ? running(clock, containers) : crashed(clock, containers),
    });
  });
}

type Containers = readonly { readonly name: string }[];
const running = (clock: Clock, containers: Containers) => ({
  phase: 'Running',
  podIP: '10.1.0.9',
  startTime: new Date(clock.now()).toISOString(),
  containerStatuses: containers.map(({ name }) => ({
    ...{ name, ready: true, restartCount: 0 },
    state: { running: { startedAt: new Date(clock.now()).toISOString() } },
  })),
});
const crashed = (clock: Clock, containers: Containers) => {
  const ended = { exitCode: 1, reason: 'Error', finishedAt: new Date(clock.now()).toISOString() };
  return {
    phase: 'Running',
    startTime: new Date(clock.now()).toISOString(),
    containerStatuses: containers.map(({ name }) => ({
      ...{ name, ready: false, restartCount: 3 },
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off restarting failed container' } },
      lastState: { terminated: ended },
    })),
  };
};

let events = 0;
type Told = { at: At; name: string; reason: string; message: string };

function recordEvent(
  { store, clock }: Pick<Deps, 'store' | 'clock'>,
  { at, name, reason, message }: Told,
): void {
  events += 1;
  const now = new Date(clock.now()).toISOString();
  store.put('events', {
    ...{ kind: 'Event', type: 'Warning', reason, message, count: 3, firstTimestamp: now, lastTimestamp: now },
    metadata: { name: `${name}.${events}`, namespace: at.namespace },
    involvedObject: { kind: 'Pod', name, namespace: at.namespace },
  });
}

type Report = { at: At; deployment: Obj; hash: string; revision: number };

/** Writes what became of it into the status of the deployment and its sets, where that is something new. */
function report({ store, clock }: Deps, { at, deployment, hash, revision }: Report): void {
  const all = podsOf(store, at);
  const fresh = all.filter((pod) => pod.metadata.labels?.[HASH] === hash);
  for (const set of store.list('replicasets', at.namespace)) {
    if (ownerOf(set) !== deployment.metadata.uid) continue;
    const own = all.filter((pod) => pod.metadata.labels?.[HASH] === set.metadata.labels?.[HASH]);
    const status = { replicas: own.length, readyReplicas: own.filter(isReady).length };
    if (JSON.stringify(status) !== JSON.stringify(set.status)) store.put('replicasets', { ...set, status });
  }
  const status = {
    observedGeneration: deployment.metadata.generation,
    replicas: all.length,
    readyReplicas: all.filter(isReady).length,
    updatedReplicas: fresh.length,
    availableReplicas: all.filter(isReady).length,
    conditions: [
      {
        type: 'Progressing',
        status: 'True',
        reason: 'ReplicaSetUpdated',
        lastUpdateTime: new Date(clock.now()).toISOString(),
      },
    ],
  };
  const metadata = {
    ...deployment.metadata,
    annotations: { ...deployment.metadata.annotations, [REVISION]: String(revision) },
  };
  const known = store.get('deployments', at);
  const without = (value: unknown): string => JSON.stringify(value).replace(/"lastUpdateTime":"[^"]*"/, '');
  const isSame =
    without(known?.status ?? null) === without(status) &&
    known?.metadata.annotations?.[REVISION] === String(revision);
  if (!isSame) store.put('deployments', { ...deployment, metadata, status });
}
