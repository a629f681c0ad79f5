import { ServiceId } from '#core/ids.ts';
import type { Service } from '#incidents/inventory.ts';
import { standardSignals } from '#tools/drivers/standard-signals.ts';

/** A service of the inventory with everything configured. */
export function aService(changes: Partial<Service> = {}): Service {
  return {
    id: ServiceId.parse('checkout'),
    environment: 'demo',
    owner: 'team-shop',
    mode: 'act',
    dependsOn: [],
    maxReplicas: 4,
    signals: standardSignals,
    telemetry: 'metrics',
    workload: { driver: 'process', name: 'checkout' },
    ...changes,
  };
}
