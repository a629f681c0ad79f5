import { expect, test } from 'vitest';
import { Permit, type PermitFields } from '#approvals/permit.ts';
import { sha256 } from '#core/hash.ts';
import { ApprovalId, CallId } from '#core/ids.ts';
import { createExecutor } from '#server/executor.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { createFakeWorld } from '#tests/fakes/fake-world.ts';
import { actTools } from '#tools/act/tools.ts';
import type { ChangeOutcome, WorkloadDriver, World } from '#tools/drivers/ports.ts';

function setUp(over: Partial<WorkloadDriver> = {}, takesMs = 0) {
  const clock = new FakeClock();
  const shop = createFakeWorld({ clock, seed: 1, takesMs });
  const fake = shop.world.workloads.get('fake');
  if (fake === undefined) throw new Error('no workload driver');
  const world: World = { ...shop.world, workloads: new Map([['fake', { ...fake, ...over }]]) };
  const { inventory } = shop;
  const execute = createExecutor({ tools: actTools, world, inventory, clock, boot: 'boot-1' });
  const permit = (fields: Partial<PermitFields> = {}): Permit =>
    Permit.mint({
      approval: ApprovalId.parse('A-1'),
      hash: sha256('plan'),
      step: 0,
      undo: false,
      call: CallId.parse('e1'),
      boot: 'boot-1',
      notAfter: clock.now() + 10_000,
      order: {
        tool: 'service_restart',
        change: { tool: 'service_restart', target: 'service:checkout' },
        key: 'fb-key-0-run',
        expectGeneration: shop.state('checkout').generation,
      },
      ...fields,
    });
  return { clock, shop, execute, permit };
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
  expect(await execute.change(first, 5000)).toMatchObject({ kind: 'refused', reason: 'unauthorised' });
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
  ['that is void by now', { notAfter: Date.UTC(2026, 0, 1) }],
])('a permit %s is refused and nothing happens', async (_, fields) => {
  const { shop, execute, permit } = setUp();
  expect(await execute.change(permit(fields), 5000)).toMatchObject({
    kind: 'refused',
    reason: 'unauthorised',
  });
  expect(shop.applied).toEqual([]);
});

test('a permit that was refused once is used up: a better moment does not bring it back', async () => {
  const { clock, shop, execute, permit } = setUp();
  const one = permit({ notAfter: clock.now() - 1 });
  await execute.change(one, 5000);
  clock.jump(-10_000);
  expect(await execute.change(one, 5000)).toMatchObject({ kind: 'refused' });
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

test('what became of an order is what the backend says; a backend that is silent or fails leaves it unknown', async () => {
  const order = { tool: 'service_restart', key: 'fb-key-0-run' } as const;
  const happy = setUp();
  const [service] = happy.shop.inventory.services.keys();
  const checkout = [...happy.shop.inventory.services.keys()].find((id) => id === 'checkout') ?? service;
  if (checkout === undefined) throw new Error('no service');
  expect(await happy.execute.settle(checkout, order)).toBe('did_not_happen');
  await happy.execute.change(happy.permit(), 5000);
  expect(await happy.execute.settle(checkout, order)).toBe('happened');

  const failing = setUp({ settle: () => Promise.reject(new Error('no')) });
  expect(await failing.execute.settle(checkout, order)).toBe('unknown');
});

test('a backend that never answers what became of an order is given up on', async () => {
  const { clock, execute, shop } = setUp({ settle: () => new Promise(() => {}) });
  const [service] = shop.inventory.services.keys();
  if (service === undefined) throw new Error('no service');
  const seen: string[] = [];
  void execute.settle(service, { tool: 'service_restart', key: 'k' }).then((value) => seen.push(value));
  await clock.advanceUntil(() => seen.length > 0, { limitMs: 60_000 });
  expect(seen).toEqual(['unknown']);
});
