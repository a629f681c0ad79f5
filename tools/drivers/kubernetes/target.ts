import type { Clock } from '#core/clock.ts';
import type { Service } from '#incidents/inventory.ts';
import type { Seen } from '../ports.ts';
import { type Ask, type KubeClient, readAs } from './client.ts';
import { type Lister, pathOf } from './lister.ts';
import { imagesOf, type Revision, RevisionSet, revisionsOf, sameTemplate, Target } from './revisions.ts';

/** What a change is worked out from. */
export type Reach = {
  readonly client: KubeClient;
  readonly list: Lister;
  readonly clock: Clock;
  readonly namespace: string;
};
export type Found = { readonly target: Target; readonly revisions: readonly Revision[] };

export const askFor = ({ namespace }: Reach, service: Service, verb: 'get' | 'patch'): Ask => ({
  path: pathOf({ ...{ base: '/apis/apps/v1', namespace, resource: 'deployments' }, name: nameOf(service) }),
  verb,
  resource: 'deployments',
});

export const nameOf = (service: Service): string => service.workload?.name ?? service.id;

/** The deployment as it is now. */
export async function targetOf(reach: Reach, service: Service, signal: AbortSignal): Promise<Seen<Target>> {
  const ask = askFor(reach, service, 'get');
  return readAs(await reach.client.get(ask, signal), ask, Target);
}

/** The deployment with its revisions. */
export async function find(reach: Reach, service: Service, signal: AbortSignal): Promise<Seen<Found>> {
  const target = await targetOf(reach, service, signal);
  if (target.kind === 'gap') return target;
  const sets = await reach.list.all(
    {
      ...{ base: '/apis/apps/v1', namespace: reach.namespace, resource: 'replicasets', shape: RevisionSet },
      labels: labelsOf(target.value),
    },
    signal,
  );
  if (sets.kind === 'gap') return sets;
  const revisions = revisionsOf(target.value, sets.value.items);
  return { kind: 'seen', value: { target: target.value, revisions } };
}

export const labelsOf = ({ spec }: Target): string =>
  Object.entries(spec.selector.matchLabels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

/** The version that is declared now; it has no number yet while its replica set is being made. */
export function versionOf({ target, revisions }: Found): string {
  const { template } = target.spec;
  const same = revisions.find((one) => sameTemplate(one.template, template));
  return same?.version ?? `${imagesOf(template)} new`;
}
