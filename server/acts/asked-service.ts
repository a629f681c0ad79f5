import { ServiceId } from '#core/ids.ts';
import type { Incident } from '#incidents/incident.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { actionCallOf } from '#incidents/operator-action.ts';
import type { RequestedAction } from '#incidents/requested-action.ts';

/** The service for whose sake a change of this incident is asked for; null when what it names is not known. */
export function askedService(
  { services, actions }: Inventory,
  { service, alerts }: Pick<Incident, 'service' | 'alerts'>,
  { tool, target }: RequestedAction,
): ServiceId | null {
  switch (tool) {
    case 'service_restart':
    case 'service_rollback':
    case 'service_scale': {
      const id = ServiceId.safeParse(target.slice('service:'.length));
      return id.success && services.has(id.data) ? id.data : null;
    }
    case 'node_cordon':
      return service;
    case 'alert_silence':
      return alerts.some(({ fingerprint }) => target === `alert:${fingerprint}`) ? service : null;
    case 'operator_action':
      return actionCallOf(actions, target)?.action.service ?? null;
  }
}
