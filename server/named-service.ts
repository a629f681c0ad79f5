import type { ServiceId } from '#core/ids.ts';
import type { Alert } from '#incidents/alert.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { Delivery } from '#intake/delivery.ts';

/**
 * A delivery whose alerts that name no service get the one that their words name, if they name exactly one of the
 * inventory. For what people write themselves: the words choose among references of the config and do nothing else.
 */
export function withNamedService(delivery: Delivery, { services }: Inventory): Delivery {
  const alerts = delivery.alerts.map((alert) =>
    alert.service === null ? { ...alert, service: onlyOneNamed(alert, [...services.keys()]) } : alert,
  );
  return { ...delivery, alerts };
}

function onlyOneNamed({ name, summary }: Alert, known: readonly ServiceId[]): ServiceId | null {
  const words = new Set(
    `${name} ${summary}`
      .toLowerCase()
      .split(/[^a-z0-9._-]+/)
      .map((word) => word.replace(/^[._-]+|[._-]+$/g, '')),
  );
  const named = known.filter((id) => words.has(id));
  return named.length === 1 ? (named[0] ?? null) : null;
}
