import type { ServiceId } from '#core/ids.ts';
import type { Incident } from './incident.ts';
import type { Inventory } from './inventory.ts';

/** Whose alert it is: that of the service which it names, if the config has it; else that of the incident, if it has one. */
export function serviceOfAlert(
  { services }: Inventory,
  incident: Pick<Incident, 'service'>,
  { service }: Pick<Incident['alerts'][number], 'service'>,
): ServiceId | null {
  return service !== null && services.has(service) ? service : incident.service;
}
