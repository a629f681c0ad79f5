import { appendFileSync } from 'node:fs';
import { realClock, realRandom } from '#core/clock.ts';
import { unreachable } from '#core/errors.ts';
import type { Change } from './shop/api-types.ts';
import type { Condition } from './shop/conditions.ts';
import { REPLICAS, SERVICES, type ServiceName } from './shop/plan.ts';
import { FIRST_VERSION } from './shop/versions.ts';
import type { Rates, Shop } from './shop.ts';

/** What is known about a fault, for whoever judges an answer; Firebreak never sees this table. */
export type FaultFacts = {
  /** `known`: Firebreak has a name and a cure for it; `unknown`: it must say that it cannot tell; `none`: nothing is broken. */
  readonly kind: 'known' | 'unknown' | 'none';
  /** Where it can be put. */
  readonly services: readonly ServiceName[];
  /** The single change that ends it, or null when no restart, rollback or scaling does. */
  readonly cure: 'rollback' | 'restart' | 'scale' | null;
};
const known = (cure: FaultFacts['cure']): FaultFacts => ({ kind: 'known', services: SERVICES, cure });
const unknown: FaultFacts = { kind: 'unknown', services: SERVICES, cure: null };

export const FAULTS = {
  'bad-deploy': known('rollback'),
  'memory-leak': known('restart'),
  'stuck-pool': known('restart'),
  'dead-dependency': known('restart'),
  overload: known('scale'),
  'wrong-fix': known(null),
  'bad-record': unknown,
  'expired-credential': unknown,
  'slow-disk': unknown,
  'flag-flip': unknown,
  'false-alarm': { kind: 'none', services: SERVICES, cure: null },
} as const satisfies Record<string, FaultFacts>;
export type Fault = keyof typeof FAULTS;

/** The service that is truly broken, or null for a false alarm. */
export function brokenService(fault: Fault, service: ServiceName): ServiceName | null {
  return FAULTS[fault].kind === 'none' ? null : service;
}

/** The route that ends at each service: more of it loads that service and those before it, but none behind it. */
const ROUTE_TO = { gateway: 'home', checkout: 'cart', inventory: 'buy' } as const;
/** More than two instances carry, less than three do; requests a second on top of the base load. */
const TOO_MUCH = { gateway: 195, checkout: 95, inventory: 40 } as const;
/** Much more than usual, yet less than two instances carry. */
const MUCH = { gateway: 110, checkout: 52, inventory: 25 } as const;
/** One at a time: fewer than that, whatever the number of instances. */
const SHARED_MS = { gateway: 12, checkout: 18, inventory: 28 } as const;

function moreOf(service: ServiceName, base: Rates, extra: number): Rates {
  const route = ROUTE_TO[service];
  return { ...base, [route]: base[route] + extra };
}

type Wanted = { kind: 'restart' } | { kind: 'deploy'; version: string } | { kind: 'scale'; replicas: number };

async function change(shop: Shop, service: ServiceName, wanted: Wanted & { by: string }): Promise<void> {
  const request: Change = { ...wanted, idempotencyKey: realRandom.uuid() };
  await shop.supervisor.client.change(service, request);
}

function note(shop: Shop, event: string, about: { fault: Fault; service: ServiceName } | object): void {
  const at = new Date(realClock.now()).toISOString();
  appendFileSync(shop.journal, `${JSON.stringify({ at, event, ...about })}\n`);
}

function surroundings(shop: Shop, service: ServiceName, condition: Condition): Promise<void> {
  return shop.supervisor.client.chaos(service, { do: 'condition', condition });
}

/** Breaks one service, notes it in the journal, and returns when the fault is in place. Throws when the supervisor refuses. */
export async function inject(fault: Fault, service: ServiceName, shop: Shop): Promise<void> {
  note(shop, 'inject', { fault, service });
  const { chaos } = shop.supervisor.client;
  switch (fault) {
    case 'bad-deploy':
      return await change(shop, service, { kind: 'deploy', version: 'v42', by: 'ci' });
    case 'memory-leak':
      return await chaos(service, { do: 'retain' });
    case 'stuck-pool':
      return await chaos(service, { do: 'jam' });
    case 'dead-dependency':
      return await chaos(service, { do: 'kill' });
    case 'overload':
      return shop.load.set(moreOf(service, shop.baseRates, TOO_MUCH[service]));
    case 'wrong-fix':
      await surroundings(shop, service, { slots: { count: 1, ms: SHARED_MS[service] } });
      return shop.load.set(moreOf(service, shop.baseRates, MUCH[service]));
    case 'bad-record':
      return await surroundings(shop, service, { brokenIds: [3, 11, 17, 19] });
    case 'expired-credential':
      return await surroundings(shop, service, { keyRefused: true });
    case 'slow-disk':
      return await surroundings(shop, service, { journalMs: 600 });
    case 'flag-flip':
      return await surroundings(shop, service, { fastRounding: true });
    case 'false-alarm':
      return shop.pager.oversensitive(service);
    default:
      return unreachable(fault);
  }
}

/** What a person would do by hand against a fault, as carol; returns when it is done. Throws when the supervisor refuses. */
export async function fix(fault: Fault, service: ServiceName, shop: Shop): Promise<void> {
  note(shop, 'fix', { fault, service });
  switch (fault) {
    case 'bad-deploy':
      return await change(shop, service, { kind: 'deploy', version: FIRST_VERSION, by: 'carol' });
    case 'memory-leak':
    case 'stuck-pool':
    case 'dead-dependency':
      return await change(shop, service, { kind: 'restart', by: 'carol' });
    case 'overload': {
      const { replicas } = await shop.supervisor.client.service(service);
      return await change(shop, service, { kind: 'scale', replicas: replicas + 1, by: 'carol' });
    }
    case 'wrong-fix':
    case 'bad-record':
    case 'expired-credential':
    case 'slow-disk':
    case 'flag-flip':
      return await surroundings(shop, service, {});
    case 'false-alarm':
      return shop.pager.oversensitive(null);
    default:
      return unreachable(fault);
  }
}

/** Brings the shop back to its first state between two faults: usual load and surroundings, first version and size, all running. */
export async function restore(shop: Shop): Promise<void> {
  note(shop, 'restore', {});
  shop.load.set(shop.baseRates);
  shop.pager.oversensitive(null);
  for (const service of SERVICES) {
    await surroundings(shop, service, {});
    await change(shop, service, { kind: 'scale', replicas: REPLICAS, by: 'carol' });
    await change(shop, service, { kind: 'deploy', version: FIRST_VERSION, by: 'carol' });
    await change(shop, service, { kind: 'restart', by: 'carol' });
  }
}
