import { expect, test } from 'vitest';
import { ServiceId } from '#core/ids.ts';
import { inProcessExecutor } from '#server/executor/in-process.ts';
import { createSettle } from '#server/executor/settle.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { createFakeWorld } from '#tests/fakes/fake-world.ts';
import { actTools } from '#tools/act/tools.ts';
import type { ChangeOutcome, WorkloadDriver, World } from '#tools/drivers/ports.ts';
import { permits } from './permits.ts';

function setUp(over: Partial<WorkloadDriver> = {}, takesMs = 0) {
  const clock = new FakeClock();
  const shop = createFakeWorld({ clock, seed: 1, takesMs });
  const fake = shop.world.workloads.get('fake');
  if (fake === undefined) throw new Error('no workload driver');
  const asked: string[] = [];
  const settle: WorkloadDriver['settle'] = (service, key, signal) => {
    asked.push(key);
    return fake.settle(service, key, signal);
  };
  const world: World = { ...shop.world, workloads: new Map([['fake', { ...fake, settle, ...over }]]) };
  const { inventory } = shop;
  const { permit, publicKey } = permits(clock, () => shop.state('checkout').generation);
  const boot = 'boot-1';
  const execute = inProcessExecutor({ tools: actTools, world, inventory, clock, boot, publicKey });
  return { clock, shop, execute, permit, world, inventory, checkout: ServiceId.parse('checkout'), asked };
}

/** Lets time pass until there is an answer. */
async function answered(clock: FakeClock, outcome: Promise<ChangeOutcome>): Promise<ChangeOutcome> {
  const seen: ChangeOutcome[] = [];
  void outcome.then((value) => seen.push(value));
  await clock.advanceUntil(() => seen.length > 0);
  return outcome;
}

test('a permit of this start is carried out once', async () => {
  const { shop, execute, permit } = setUp();
  const first = permit();
  expect(await execute.change(first, 5000)).toMatchObject({ kind: 'done' });
  expect(await execute.change(first, 5000)).toMatchObject({ kind: 'refused', reason: 'bad_permit' });
  expect(shop.applied).toHaveLength(1);
});

test('a permit that is carried out twice at the same time has one effect', async () => {
  const { clock, shop, execute, permit } = setUp({}, 1000);
  const one = permit();
  const both = [execute.change(one, 5000), execute.change(one, 5000)].map((each) => answered(clock, each));
  expect((await Promise.all(both)).map(({ kind }) => kind).toSorted()).toEqual(['done', 'refused']);
  expect(shop.applied).toHaveLength(1);
});

test.each([
  ['of another start', { boot: 'boot-0' }],
  ['that is void by now', { mintedAt: Date.UTC(2026, 0, 1) }],
])('a permit %s is refused and nothing happens', async (_, fields) => {
  const { shop, execute, permit } = setUp();
  expect(await execute.change(permit(fields), 5000)).toMatchObject({
    kind: 'refused',
    reason: 'bad_permit',
  });
  expect(shop.applied).toEqual([]);
});

test('a target that the config does not know is refused', async () => {
  const { shop, execute, permit } = setUp();
  const { order } = permit().fields;
  const foreign = permit({
    order: { ...order, change: { tool: 'service_restart', target: 'service:billing' } },
  });
  expect(await execute.change(foreign, 5000)).toMatchObject({ kind: 'refused', reason: 'not_found' });
  expect(shop.applied).toEqual([]);
});

test('a target that somebody changed since is refused by the backend and nothing happens', async () => {
  const { shop, execute, permit } = setUp();
  const one = permit();
  shop.deployByHand('checkout', 'v43');
  expect(await execute.change(one, 5000)).toMatchObject({ kind: 'refused', reason: 'generation' });
  expect(shop.applied).toEqual([]);
});

test('no answer by the deadline is unknown, never failed, and the call is told to stop', async () => {
  let stopped = false;
  const { clock, execute, permit } = setUp({
    apply: (_service, _order, signal) => {
      signal.addEventListener('abort', () => {
        stopped = true;
      });
      return new Promise(() => {});
    },
  });
  const outcome = await answered(clock, execute.change(permit(), 5000));
  expect(outcome).toEqual({ kind: 'unknown', detail: 'no answer within 5000 ms' });
  expect({ stopped, timers: clock.waiting }).toEqual({ stopped: true, timers: 0 });
});

test('a driver that throws leaves an unknown outcome', async () => {
  const { execute, permit } = setUp({ apply: () => Promise.reject(new Error('socket hang up')) });
  expect(await execute.change(permit(), 5000)).toEqual({ kind: 'unknown', detail: 'socket hang up' });
});

const order = (clock: FakeClock) =>
  ({ tool: 'service_restart', key: 'fb-key-0-run', since: clock.now() }) as const;

test('that a change happened is believed at once; a backend that fails leaves it unknown', async () => {
  const { clock, execute, permit, checkout } = setUp();
  await execute.change(permit(), 5000);
  expect(await execute.settle(checkout, order(clock))).toBe('happened');
  const failing = setUp({ settle: () => Promise.reject(new Error('no')) });
  expect(await failing.execute.settle(checkout, order(failing.clock))).toBe('unknown');
});

test('an opaque change is not asked about: nobody can say', async () => {
  const { clock, world, inventory, checkout, asked } = setUp();
  const tools = actTools.map((tool) => ({ ...tool, effect: 'opaque' as const }));
  const settle = createSettle({ tools, world, inventory, clock, closing: new AbortController().signal });
  expect({ effect: await settle(checkout, order(clock)), asked }).toEqual({ effect: 'unknown', asked: [] });
});

test('that a change did not happen is believed once its permit is void, and only if it is still so then', async () => {
  const { clock, execute, permit, checkout } = setUp();
  const seen: string[] = [];
  const began = clock.now();
  void execute.settle(checkout, order(clock)).then((value) => seen.push(value));
  await clock.advanceUntil(() => seen.length > 0, { limitMs: 60_000 });
  expect({ seen, waited: clock.now() - began }).toEqual({ seen: ['did_not_happen'], waited: 31_000 });
  expect(await execute.settle(checkout, { ...order(clock), since: began })).toBe('did_not_happen');

  // The order arrives late, after the first answer.
  const late = order(clock);
  void execute.settle(checkout, late).then((value) => seen.push(value));
  await clock.advance(10_000);
  await execute.change(permit(), 5000);
  await clock.advanceUntil(() => seen.length > 1, { limitMs: 60_000 });
  expect(seen).toEqual(['did_not_happen', 'happened']);
});

test('a wall clock that was set back does not make anybody wait for longer than a permit lives', async () => {
  const { clock, execute, checkout } = setUp();
  const seen: string[] = [];
  const asked = { ...order(clock), since: clock.now() + 3_600_000 };
  void execute.settle(checkout, asked).then((value) => seen.push(value));
  await clock.advanceUntil(() => seen.length > 0, { limitMs: 32_000 });
  expect(seen).toEqual(['did_not_happen']);
});

test('a server that stops waits for no answer, and says that it knows none', async () => {
  const { clock, world, inventory, checkout } = setUp();
  const closing = new AbortController();
  const settle = createSettle({ tools: actTools, world, inventory, clock, closing: closing.signal });
  const seen: string[] = [];
  void settle(checkout, order(clock)).then((value) => seen.push(value));
  await clock.advance(100);
  closing.abort();
  await clock.advance(0);
  expect({ seen, timers: clock.waiting }).toEqual({ seen: ['closed'], timers: 0 });
});

test('a backend that never answers what became of an order is given up on', async () => {
  const { clock, execute, checkout } = setUp({ settle: () => new Promise(() => {}) });
  const seen: string[] = [];
  void execute.settle(checkout, order(clock)).then((value) => seen.push(value));
  await clock.advanceUntil(() => seen.length > 0, { limitMs: 60_000 });
  expect(seen).toEqual(['unknown']);
});
