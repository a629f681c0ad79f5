import type { ServiceId } from '#core/ids.ts';
import type { ClusterRef } from '#incidents/cluster-causes.ts';
import { dependenciesOf, type Inventory } from '#incidents/inventory.ts';
import { appsWithoutPods, podsOf } from './facts.ts';
import type { ClusterState } from './state.ts';
import { stuckClaims } from './storage.ts';

/**
 * Whether something in a cluster can have to do with a page about this service: it is the service itself or one that it
 * calls, the node of one of their pods, or the namespace while one of them may not have what it needs. A page about a whole
 * system concerns all of it.
 */
export function concerns(
  state: ClusterState,
  { inventory, service }: { inventory: Inventory; service: ServiceId },
): (object: ClusterRef) => boolean {
  if (inventory.services.get(service)?.isSystem === true) return () => true;
  const apps = [service, ...dependenciesOf(inventory, service)].map((id) => appName(inventory, id));
  return (object) => {
    const name = object.slice(object.indexOf(':') + 1);
    if (object.startsWith('app:')) return apps.includes(name);
    if (object.startsWith('node:'))
      return apps.some((app) => podsOf(state, app).some(({ value }) => value.node === name));
    const lacking = [...appsWithoutPods(state), ...stuckClaims(state)].map(({ app }) => app);
    return apps.some((app) => lacking.includes(app));
  };
}

/** What a service is called where it runs. */
const appName = (inventory: Inventory, id: ServiceId): string =>
  inventory.services.get(id)?.workload?.name.split('/').at(-1) ?? id;
