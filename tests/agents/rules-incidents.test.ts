import { describe, expect, test } from 'vitest';
import { FakeClock } from '../fakes/fake-clock.ts';
import { type Fault, type ShopService, shopServices } from '../fakes/fake-shop.ts';
import { createFakeWorld, type FakeWorld } from '../fakes/fake-world.ts';
import { type Played, playIncident, serviceIdOf } from './rules-incident.ts';

type Given = {
  fault: Fault;
  service: ShopService;
  paged?: ShopService;
  historyMs?: number;
  waitMs?: number;
  lateMs?: number;
  seed?: number;
  before?: (world: FakeWorld) => void;
};

/** Breaks a service of a simulated shop, waits for the page, and plays the incident. */
async function incident(given: Given): Promise<Played> {
  const { fault, service, paged = service, historyMs = 10_000, lateMs = 1500, seed = 1 } = given;
  const clock = new FakeClock();
  const world = createFakeWorld({ clock, seed, historyMs });
  given.before?.(world);
  world.inject(fault, service);
  await clock.advance(given.waitMs ?? (fault === 'memory-leak' ? 32_000 : 4_000));
  const about = fault === 'unknown-slow-disk' || fault === 'none' ? 'latency_p95' : 'error_ratio';
  return playIncident({ world, clock, paged: serviceIdOf(paged), about, startedAt: clock.now() - lateMs });
}

const cures = [
  ['bad-deploy', 'service_rollback'],
  ['memory-leak', 'service_restart'],
  ['stuck-pool', 'service_restart'],
  ['dead-dependency', 'service_restart'],
  ['overload', 'service_scale'],
] as const;
const everywhere = cures.flatMap(([fault, tool]) =>
  shopServices.map((service) => ({ fault, tool, service })),
);

describe('a known fault', () => {
  test.each(everywhere)(
    '$fault of $service is found from a page at the front and cured there',
    async ({ fault, tool, service }) => {
      const played = await incident({ fault, service, paged: 'gateway' });
      expect(played.end.tool).toBe(tool);
      expect(played.end.args).toMatchObject({ target: `service:${service}` });
      expect(played.monitor?.verdict).toBe('impaired');
      expect(played.looks).toBeLessThanOrEqual(24);
    },
  );

  test.each([
    { historyMs: 6_000, waitMs: 2_500, lateMs: 0 },
    { historyMs: 8_000, waitMs: 40_000, lateMs: -30_000 },
    { historyMs: 900_000, waitMs: 60_000, lateMs: 90_000 },
    { historyMs: 120_000, waitMs: 20_000, lateMs: 1_000 },
  ])('is found with %o', async (times) => {
    for (const seed of [1, 2, 3]) {
      const played = await incident({ fault: 'bad-deploy', service: 'checkout', seed, ...times });
      expect(played.end).toMatchObject({
        tool: 'service_rollback',
        args: { target: 'service:checkout', to: 'deploy:checkout@-1' },
      });
    }
  });

  test('is found when the logs cannot be seen, with less confidence', async () => {
    const sure = await incident({ fault: 'bad-deploy', service: 'checkout' });
    const unsure = await incident({
      fault: 'bad-deploy',
      service: 'checkout',
      before: ({ blind }) => blind.add('logs'),
    });
    expect(unsure.end.tool).toBe('service_rollback');
    expect(unsure.diagnosis?.hypotheses[0]?.confidence).toBeLessThan(
      sure.diagnosis?.hypotheses[0]?.confidence ?? 0,
    );
    expect(unsure.diagnosis?.gaps).toContainEqual({
      service: 'checkout',
      tool: 'logs_search',
      reason: 'unreachable',
    });
  });

  test('an overload asks for as many instances as the demand needs, and no more than are allowed', async () => {
    const played = await incident({ fault: 'overload', service: 'inventory' });
    expect(played.diagnosis).toMatchObject({ replicas: 2, maxReplicas: 4 });
    expect(played.diagnosis?.pressure).toBeGreaterThan(100);
    const { replicas } = played.end.args as { replicas: number };
    expect(replicas).toBeGreaterThan(2);
    expect(replicas).toBeLessThanOrEqual(4);
  });
});

describe('what has no known cause', () => {
  test.each(['unknown-bad-record', 'unknown-expired-credential', 'unknown-slow-disk'] as const)(
    '%s goes to people and names nobody',
    async (fault) => {
      for (const service of shopServices) {
        const played = await incident({ fault, service, paged: 'gateway' });
        expect(played.end).toMatchObject({ tool: 'incident_escalate', args: { reason: 'inconclusive' } });
        expect(played.diagnosis?.outcome).toBe('inconclusive');
      }
    },
  );

  test('a deployment by hand in reaction to an unknown fault is not blamed', async () => {
    const clock = new FakeClock();
    const world = createFakeWorld({ clock, seed: 4, historyMs: 60_000 });
    world.inject('unknown-bad-record', 'checkout');
    await clock.advance(20_000);
    world.deployByHand('checkout', 'v43');
    await clock.advance(5_000);
    const paged = serviceIdOf('checkout');
    const played = await playIncident({
      world,
      clock,
      paged,
      about: 'error_ratio',
      startedAt: clock.now() - 22_000,
    });
    expect(played.end).toMatchObject({ tool: 'incident_escalate' });
  });

  test('nothing wrong is resolved after one look at each signal', async () => {
    const played = await incident({ fault: 'none', service: 'checkout' });
    expect(played.monitor).toMatchObject({
      verdict: 'healthy',
      signal: { service: 'checkout', name: 'latency_p95' },
    });
    expect(played.end).toMatchObject({ tool: 'incident_resolve', args: { resolution: 'nothing_wrong' } });
    expect(played.looks).toBe(4);
  });

  test('without metrics it says what could not be seen instead of calling it healthy', async () => {
    const played = await incident({
      fault: 'bad-deploy',
      service: 'checkout',
      before: ({ blind }) => blind.add('metrics'),
    });
    expect(played.monitor?.verdict).toBe('unclear');
    expect(played.end).toMatchObject({
      tool: 'incident_escalate',
      args: { reason: 'inconclusive', missing: expect.arrayContaining(['error_ratio of checkout']) },
    });
  });
});
