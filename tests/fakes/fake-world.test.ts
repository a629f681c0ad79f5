import { expect, test } from 'vitest';
import { ServiceId } from '#core/ids.ts';
import type { SignalName } from '#incidents/vocabulary.ts';
import { FakeClock } from './fake-clock.ts';
import type { Fault, ShopService } from './fake-shop.ts';
import { createFakeWorld, type FakeWorld } from './fake-world.ts';

async function after(fault: Fault, service: ShopService, seconds = 40) {
  const clock = new FakeClock();
  const shop = createFakeWorld({ clock, seed: 7 });
  shop.inject(fault, service);
  await clock.advance(seconds * 1000);
  return { clock, shop };
}
/** Mean of the last ten samples. */
function now(shop: FakeWorld, service: ShopService, signal: SignalName): number {
  const values = shop
    .state(service)
    .samples.slice(-10)
    .flatMap((sample) => sample.signals[signal] ?? []);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
function apply(
  shop: FakeWorld,
  service: ShopService,
  change:
    | { tool: 'service_restart' }
    | { tool: 'service_scale'; replicas: number }
    | { tool: 'service_rollback'; version: string },
) {
  const driver = shop.world.workloads.get('fake');
  const target = shop.inventory.services.get(ServiceId.parse(service));
  if (!driver || !target) throw new Error('no such service');
  const order = {
    change: { ...change, target: `service:${service}` },
    key: `k${shop.applied.length}`,
    expectGeneration: shop.state(service).generation,
  };
  return driver.apply(target, order, new AbortController().signal);
}

test('a healthy shop looks like one', async () => {
  const { shop } = await after('none', 'checkout');
  expect(now(shop, 'gateway', 'error_ratio')).toBeLessThan(0.01);
  expect(now(shop, 'gateway', 'latency_p95')).toBeGreaterThan(35);
  expect(now(shop, 'gateway', 'latency_p95')).toBeLessThan(45);
  expect(now(shop, 'gateway', 'request_rate')).toBeCloseTo(80, -1);
  expect(now(shop, 'inventory', 'saturation')).toBeLessThan(0.4);
  expect(now(shop, 'checkout', 'instances_up')).toBe(2);
});

test('the same seed and the same acts give the same numbers', async () => {
  const [a, b] = [await after('overload', 'inventory'), await after('overload', 'inventory')];
  expect(a.shop.state('gateway').samples).toEqual(b.shop.state('gateway').samples);
});

test.each<[Fault, ShopService]>([
  ['bad-deploy', 'inventory'],
  ['memory-leak', 'inventory'],
  ['stuck-pool', 'inventory'],
  ['dead-dependency', 'inventory'],
  ['overload', 'inventory'],
  ['wrong-fix', 'inventory'],
  ['unknown-bad-record', 'checkout'],
  ['unknown-expired-credential', 'checkout'],
])('%s at %s shows as errors at the gateway, and a person can repair it', async (fault, service) => {
  const { shop, clock } = await after(fault, service);
  expect(now(shop, 'gateway', 'error_ratio')).toBeGreaterThan(0.05);
  shop.repairByHand();
  await clock.advance(10_000);
  expect(now(shop, 'gateway', 'error_ratio')).toBeLessThan(0.01);
  expect(now(shop, service, 'instances_up')).toBe(2);
});

test('a stuck dependency makes its callers slow and fills their pools', async () => {
  const { shop } = await after('stuck-pool', 'inventory');
  expect(now(shop, 'inventory', 'saturation')).toBe(1);
  expect(now(shop, 'inventory', 'latency_p95')).toBeGreaterThan(900);
  expect(now(shop, 'checkout', 'latency_p95')).toBeGreaterThan(800);
  expect(now(shop, 'checkout', 'saturation')).toBeGreaterThan(0.8);
});

test.each<[Fault, Parameters<typeof apply>[2]]>([
  ['bad-deploy', { tool: 'service_rollback', version: 'v41' }],
  ['memory-leak', { tool: 'service_restart' }],
  ['stuck-pool', { tool: 'service_restart' }],
  ['dead-dependency', { tool: 'service_restart' }],
  ['overload', { tool: 'service_scale', replicas: 3 }],
])('%s is cured by its own action', async (fault, change) => {
  const { shop, clock } = await after(fault, 'checkout');
  expect(await apply(shop, 'checkout', change)).toMatchObject({ kind: 'done' });
  await clock.advance(10_000);
  expect(now(shop, 'checkout', 'error_ratio')).toBeLessThan(0.01);
});

test.each<Fault>(['wrong-fix', 'unknown-bad-record', 'unknown-expired-credential', 'unknown-slow-disk'])(
  '%s is cured by no action',
  async (fault) => {
    const { shop, clock } = await after(fault, 'checkout');
    for (const change of [
      { tool: 'service_scale', replicas: 4 },
      { tool: 'service_restart' },
      { tool: 'service_rollback', version: 'v41' },
    ] as const) {
      await apply(shop, 'checkout', change);
    }
    await clock.advance(10_000);
    const ill = now(shop, 'checkout', 'error_ratio') > 0.05 || now(shop, 'checkout', 'latency_p95') > 200;
    expect(ill).toBe(true);
  },
);
