import type { ClusterLook } from '../read.ts';
import { appsWithoutPods, isDown, messagesOf, type SickApp, sickApps, silentApps, specOf } from './facts.ts';
import { isUnplaced, schedulerVerdict } from './scheduling.ts';
import { describe, list, logs, MANY, manifest, type Stage } from './stage.ts';
import type { ClusterState } from './state.ts';
import { stuckClaims, waitsForVolume } from './storage.ts';

/** What runs, and what should. */
export const overview: Stage = () => [list('pod'), list('workload')];

/** Many in trouble at once, or pods that are well and not counted: the nodes have them in common. */
export const shared: Stage = (state) =>
  silentApps(state).length > 0 || sickApps(state).length >= MANY ? [list('node')] : [];

/** Nothing of it is meant to run: is it meant to be reached? */
export const switchedOff: Stage = (state) =>
  [...state.workloads.values()].some(({ value }) => value.desired === 0) ? [list('service')] : [];

/** What of a node that is not ready does not run. */
export const downNodes: Stage = (state) =>
  [...state.nodes.values()].flatMap(({ value }): ClusterLook[] =>
    isDown(value)
      ? [
          { tool: 'node_service', args: { node: value.name, service: 'kubelet' } },
          { tool: 'node_service', args: { node: value.name, service: 'containerd' } },
        ]
      : [],
  );

/** The sickest pod of each of the sickest applications. */
export const sickPods: Stage = (state) =>
  sickApps(state)
    .slice(0, MANY)
    .flatMap(({ pods: [first] }) => (first === undefined ? [] : [describe('pod', first.value.name)]));

/** Who refuses pods that are wanted and were never made. */
export const missingPods: Stage = (state) => {
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

/** What keeps a pod from a node: the nodes, and what the pod asks of them. */
export const placing: Stage = (state) =>
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

/** What a claim waits for. */
export const volumes: Stage = (state) => {
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
export const failing: Stage = (state) =>
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
export const runtimes: Stage = (state) => {
  const nodes = waitingFor(state).flatMap(({ pods }) => pods.flatMap(({ value }) => value.node ?? []));
  return [...new Set(nodes)]
    .slice(0, 2)
    .map((node): ClusterLook => ({ tool: 'node_service', args: { node, service: 'containerd' } }));
};

const waitingFor = (state: ClusterState): SickApp[] =>
  sickApps(state)
    .filter(({ trouble }) => trouble === 'stuck')
    .slice(0, MANY);
