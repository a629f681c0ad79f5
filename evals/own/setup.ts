import { sha256 } from '#core/hash.ts';
import { ServiceId } from '#core/ids.ts';
import type { Alert } from '#incidents/alert.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import type { Gap, World } from '#tools/drivers/ports.ts';
import type { OwnCase } from './case.ts';
import { recordedServices } from './recorded-services.ts';
import type { ServiceCase } from './service-case.ts';
import { staticCluster } from './static-cluster.ts';

/** Either kind of our own cases. */
export type AnyCase = OwnCase | ServiceCase;
export const isServices = (one: AnyCase): one is ServiceCase => 'services' in one;

/** A case made ready to run. `applied` fills with every change that reaches what it would change. */
export type Setup = {
  readonly inventory: Inventory;
  readonly world: World;
  readonly alert: Alert;
  readonly applied: readonly string[];
};

/** Makes a case ready: `at` (ms) is when its page comes, `seed` what its measurements scatter by, `without` the causes that no rule may name. */
export function setupOf(
  one: AnyCase,
  { at, seed, without }: { at: number; seed: number; without: ReadonlySet<string> },
): Setup {
  const made = isServices(one) ? servicesOf(one, { at, seed }) : clusterOf(one, at);
  return { ...made, inventory: { ...made.inventory, withoutCauses: without } };
}

const page = { source: 'eval', status: 'firing', environment: 'eval' } as const;

function servicesOf(one: ServiceCase, { at, seed }: { at: number; seed: number }): Setup {
  const { name, service, severity, summary } = one.page;
  const fingerprint = sha256(one.id);
  return {
    ...recordedServices(one, { seed, pagedAt: at }),
    alert: { ...page, fingerprint, name, severity, service, startsAt: at, summary },
  };
}

function clusterOf(one: OwnCase, at: number): Setup {
  const { namespace } = one.cluster;
  const id = ServiceId.parse(namespace);
  const system: Service = {
    ...{ id, environment: 'eval', owner: 'team-eval', mode: 'observe', dependsOn: [], maxReplicas: 1 },
    signals: {},
    cluster: { driver: 'static', namespace },
    isSystem: true,
  };
  const none: Gap = { kind: 'gap', reason: 'not_configured', detail: 'there is none' };
  return {
    inventory: { version: sha256(namespace), services: new Map([[id, system]]) },
    world: {
      ...{ metrics: new Map(), workloads: new Map() },
      logs: { search: () => Promise.resolve(none) },
      probe: { get: () => Promise.resolve(none) },
      clusters: new Map([['static', staticCluster(one.cluster)]]),
    },
    alert: {
      ...{ ...page, fingerprint: sha256(one.id), name: one.page.name, severity: 'critical' },
      ...{ service: namespace, startsAt: at, summary: one.about.slice(0, 1) },
    },
    applied: [],
  };
}
