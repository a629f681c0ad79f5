import type { SessionKey } from '#core/ids.ts';
import { aboutAlert } from '#incidents/alert-kind.ts';
import type { Incident } from '#incidents/incident.ts';
import { hasNoSignals, type Inventory } from '#incidents/inventory.ts';
import { serviceRef } from '#incidents/refs.ts';
import type { Wake } from '#incidents/reports.ts';
import { formatSessionKey } from '#sessions/key.ts';

/** What the coordinator is told of a new incident: enums, a reference and a time, none of the page's text. */
export function openedWake(incident: Incident, inventory: Inventory): Wake {
  const isSystem = incident.service !== null && hasNoSignals(inventory.services.get(incident.service));
  const first = incident.alerts.find((alert) => !alert.cleared) ?? incident.alerts[0];
  return {
    kind: 'opened',
    service: incident.service === null ? null : serviceRef(incident.service),
    ...(isSystem && { system: true as const }),
    severity: incident.severity,
    about: first === undefined ? null : aboutAlert(first.name),
    startedAt: first?.startsAt ?? incident.openedAt,
  };
}

/** Names the coordinator's session after the page that opened the incident. Throws for a source whose name cannot stand in a key. */
export function sessionKeyOf(incident: Incident): SessionKey {
  const first = incident.alerts[0];
  const dedup = `${first?.fingerprint.slice(0, 16) ?? 'none'}-${incident.id}`;
  const key = formatSessionKey({ kind: 'hook', source: first?.source ?? 'unknown', dedup });
  if (key === undefined) throw new Error(`no session key for ${incident.id}`);
  return key;
}
