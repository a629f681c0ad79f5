import type { Inventory, Service } from '#incidents/inventory.ts';
import { type ServiceRef, serviceOf } from '#incidents/refs.ts';
import type { Gap, WorkloadDriver, World } from '../drivers/ports.ts';

/** The service that a reference names; a reference that parses need not exist. */
export function knownService(inventory: Inventory, ref: ServiceRef): Service | undefined {
  return inventory.services.get(serviceOf(ref));
}

export function notConfigured(detail: string): Gap {
  return { kind: 'gap', reason: 'not_configured', detail };
}

export function unknownService(ref: ServiceRef): Gap {
  return notConfigured(`${ref} is not in the inventory`);
}

/** The driver of what runs the service, where the config names one. */
export function workloadOf(world: World, service: Service): WorkloadDriver | undefined {
  return service.workload === undefined ? undefined : world.workloads.get(service.workload.driver);
}
