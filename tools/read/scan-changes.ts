import type { SystemView } from '#diagnosis/series/system.ts';
import type { Service } from '#incidents/inventory.ts';
import type { ToolContext } from '../tool.ts';
import { workloadOf } from './known-service.ts';
import type { Grid } from './scan-series.ts';

/** Deployments of the services in that time. What cannot say, says nothing. */
export async function scanChanges(
  services: readonly Service[],
  { from, to }: Grid,
  { world, signal }: ToolContext,
): Promise<SystemView['changes']> {
  const found = await Promise.all(
    services.map(async (service) => {
      const seen = await workloadOf(world, service)?.deployments(service, signal);
      if (seen?.kind !== 'seen') return [];
      return seen.value.flatMap(({ at }) => (at >= from && at <= to ? [{ service: service.id, at }] : []));
    }),
  );
  return found.flat();
}
