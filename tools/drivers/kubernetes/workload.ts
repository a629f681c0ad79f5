import type { Clock } from '#core/clock.ts';
import { unreachable } from '#core/errors.ts';
import type { Service } from '#incidents/inventory.ts';
import type { ChangeOrder, Deployment, Instance, Seen, Workload, WorkloadDriver } from '../ports.ts';
import { applyOrder } from './apply.ts';
import { type ClusterSettings, createKubeClient } from './client.ts';
import { createCordon } from './cordon.ts';
import { dryRun } from './dry-run.ts';
import { createLister } from './lister.ts';
import { keysIn, MOST_KEYS } from './plan-change.ts';
import { deploymentsOf, type Revision } from './revisions.ts';
import { find, labelsOf, nameOf, type Reach, targetOf, versionOf } from './target.ts';
import { type ContainerStatus, WirePod } from './wire-pod.ts';

export type WorkloadSettings = ClusterSettings & { readonly namespace: string };
type Order = ChangeOrder['change'];

/**
 * Changes deployments of one namespace through the API server. Every write is a patch that holds for one uid and one
 * resource version alone, and leaves its key behind as an annotation in the same write: that is how `settle` finds out
 * afterwards what became of it. Dry runs are made by the API server. Nothing throws.
 */
export function createKubernetesWorkload(settings: WorkloadSettings, clock: Clock): WorkloadDriver {
  const client = createKubeClient(settings, clock);
  const reach: Reach = { client, list: createLister(client, clock), clock, namespace: settings.namespace };
  /** Numbers of revisions as they were last seen, for the commands of people. */
  const numbers = new Map<string, number>();
  return {
    describe: (service, signal) => describe(reach, service, signal),
    deployments: async (service, signal): Promise<Seen<readonly Deployment[]>> => {
      const found = await find(reach, service, signal);
      return found.kind === 'gap' ? found : deploymentsOf(found.value.revisions);
    },
    dryRun: async (service, change, signal) => {
      const plan = await dryRun(reach, { service, change }, signal);
      if (plan.kind === 'gap') return plan;
      const { to, ...value } = plan.value;
      if (to !== null) numbers.set(`${service.id} ${to.version}`, to.number);
      return { kind: 'seen', value };
    },
    apply: (service, order, signal) => applyOrder(reach, { service, order }, signal),
    settle: async (service, key, signal) => {
      const seen = await targetOf(reach, service, signal);
      if (seen.kind === 'gap') return 'unknown';
      const keys = keysIn(seen.value.metadata.annotations);
      if (keys.includes(key)) return 'happened';
      // So many changes came after it that its key may have been dropped.
      return keys.length < MOST_KEYS ? 'did_not_happen' : 'unknown';
    },
    manual: (service, change) => manual(settings.namespace, { service, change, numbers }),
    cordon: createCordon(reach),
  };
}

async function describe(reach: Reach, service: Service, signal: AbortSignal): Promise<Seen<Workload>> {
  const found = await find(reach, service, signal);
  if (found.kind === 'gap') return found;
  const { target, revisions } = found.value;
  const { namespace } = reach;
  const at = { base: '/api/v1', namespace, resource: 'pods', shape: WirePod, labels: labelsOf(target) };
  const pods = await reach.list.all(at, signal);
  if (pods.kind === 'gap') return pods;
  const own = pods.value.items.filter(({ metadata }) =>
    revisions.some(({ hash }) => hash === metadata.labels['pod-template-hash']),
  );
  const { uid, generation } = target.metadata;
  return {
    kind: 'seen',
    value: {
      uid,
      generation: generation ?? 0,
      version: versionOf(found.value),
      replicas: target.spec.replicas,
      maxReplicas: service.maxReplicas,
      instances: own.map((pod) => instanceOf(pod, revisions)),
    },
  };
}

function instanceOf({ metadata, status }: WirePod, revisions: readonly Revision[]): Instance {
  const hash = metadata.labels['pod-template-hash'];
  const own = status.containerStatuses;
  const ended = own.find(({ state, lastState }) => endOf(state) ?? endOf(lastState));
  const isUp = own.length > 0 && own.every(({ ready }) => ready === true);
  const isOver = status.phase === 'Failed' || status.phase === 'Succeeded';
  return {
    id: metadata.name,
    state: isUp ? 'running' : isOver || own.some(isDown) ? 'exited' : 'starting',
    version: revisions.find((one) => one.hash === hash)?.version ?? 'unknown',
    startedAt: status.startTime,
    exitCode: isUp ? null : (endOf(ended?.state ?? null) ?? endOf(ended?.lastState ?? null)),
  };
}

const endOf = (state: ContainerStatus['state']): number | null => state?.terminated?.exitCode ?? null;
const isDown = ({ state }: ContainerStatus): boolean =>
  state?.terminated != null || state?.waiting?.reason === 'CrashLoopBackOff';

type ByHand = { service: Service; change: Order; numbers: ReadonlyMap<string, number> };

/** As a person would do it with kubectl; revisions have numbers there. */
function manual(namespace: string, { service, change, numbers }: ByHand): string {
  const on = `deployment/${nameOf(service)}`;
  switch (change.tool) {
    case 'service_restart':
      return `kubectl -n ${namespace} rollout restart ${on}`;
    case 'service_scale':
      return `kubectl -n ${namespace} scale ${on} --replicas=${change.replicas}`;
    case 'service_rollback': {
      const wanted = 'version' in change ? change.version : change.to;
      const number = numbers.get(`${service.id} ${wanted}`) ?? `<revision of ${wanted}>`;
      return `kubectl -n ${namespace} rollout undo ${on} --to-revision=${number}`;
    }
    default:
      return unreachable(change);
  }
}
