import { ServiceId } from '#core/ids.ts';
import type { Incident } from '#incidents/incident.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { actionCallOf } from '#incidents/operator-action.ts';
import type { RequestedAction } from '#incidents/requested-action.ts';
import { serviceOfAlert } from '#incidents/service-of-alert.ts';

/** The service for whose sake a change of this incident is asked for; null when what it names is not known. */
export function askedService(
  inventory: Inventory,
  incident: Pick<Incident, 'service' | 'alerts'>,
  { tool, target }: RequestedAction,
): ServiceId | null {
  const { services, actions } = inventory;
  switch (tool) {
    case 'service_restart':
    case 'service_rollback':
    case 'service_scale': {
      const id = ServiceId.safeParse(target.slice('service:'.length));
      return id.success && services.has(id.data) ? id.data : null;
    }
    case 'node_cordon':
      return incident.service;
    case 'alert_silence': {
      const alert = incident.alerts.find(({ fingerprint }) => target === `alert:${fingerprint}`);
      return alert === undefined ? null : serviceOfAlert(inventory, incident, alert);
    }
    case 'operator_action':
      return actionCallOf(actions, target)?.action.service ?? null;
  }
}
