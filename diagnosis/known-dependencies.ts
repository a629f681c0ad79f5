import type { ServiceId } from '#core/ids.ts';
import type { Scene } from './scene.ts';

/** Direct dependencies of which anything can be seen. */
export function knownDependencies({ inventory }: Scene, service: ServiceId): ServiceId[] {
  const all = inventory.services.get(service)?.dependsOn ?? [];
  return all.filter((id) => {
    const found = inventory.services.get(id);
    if (id === service || found === undefined) return false;
    const { signals, workload, postgres } = found;
    return Object.keys(signals).length > 0 || workload !== undefined || postgres !== undefined;
  });
}
