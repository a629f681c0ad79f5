import { expect, test } from 'vitest';
import { realRandom } from '#core/clock.ts';
import type { Change } from '#demo/shop/api-types.ts';
import type { Fleet } from '#demo/shop/fleet.ts';
import { createManagedService, type ManagedService } from '#demo/shop/managed-service.ts';
import { createOperations } from '#demo/shop/operations.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';

type FakeFleet = Fleet & { done: string[]; behave: () => Promise<void> };

/** A fleet without processes that notes what it was told; `behave` decides how each change goes. */
function fakeFleet(): FakeFleet {
  const fleet: FakeFleet = {
    done: [],
    behave: () => Promise.resolve(),
    slots: () => [],
    replaceAll: async (version) => {
      fleet.done.push(`replace ${version}`);
      await fleet.behave();
    },
    resize: async (replicas) => {
      fleet.done.push(`resize ${replicas}`);
      await fleet.behave();
    },
    stop: () => Promise.resolve(),
  };
  return fleet;
}

async function aService(): Promise<{ service: ManagedService; fleet: FakeFleet; clock: FakeClock }> {
  const fleet = fakeFleet();
  const clock = new FakeClock();
  const address = 'http://127.0.0.1:1';
  const service = createManagedService({ name: 'checkout', address, fleet, clock, random: realRandom });
  await service.begin(2);
  fleet.done = [];
  return { service, fleet, clock };
}
let keys = 0;
const restart = (more: object = {}): Change => ({ kind: 'restart', idempotencyKey: `k${++keys}`, ...more });
const deploy = (version: string, more: object = {}): Change => ({
  kind: 'deploy',
  version,
  idempotencyKey: `k${++keys}`,
  ...more,
});

test('a first deploy by ci is in the history before anything else', async () => {
  const { service } = await aService();
  expect(service.view()).toMatchObject({ generation: 1, version: 'v41', replicas: 2 });
  expect(service.deployments()).toMatchObject([{ id: 'checkout-d1', version: 'v41', by: 'ci' }]);
});

test('deploy, scale and restart each raise the generation and answer with before and after', async () => {
  const { service, fleet } = await aService();
  const operations = createOperations();
  const deployed = await operations.submit(service, deploy('v42', { by: 'carol' }));
  expect(deployed).toMatchObject({
    status: 200,
    body: { generation: 2, before: { version: 'v41', replicas: 2 }, after: { version: 'v42', replicas: 2 } },
  });
  await operations.submit(service, { kind: 'scale', replicas: 3, idempotencyKey: 'scale' });
  await operations.submit(service, restart());
  expect(service.view()).toMatchObject({ generation: 4, replicas: 3, version: 'v42' });
  expect(fleet.done).toEqual(['replace v42', 'resize 3', 'replace v42']);
  expect(service.deployments()).toMatchObject([{ version: 'v42', by: 'carol' }, { version: 'v41' }]);
});

test('a deploy of the running version changes nothing', async () => {
  const { service, fleet } = await aService();
  const answer = await createOperations().submit(service, deploy('v41'));
  expect(answer).toMatchObject({ status: 200, body: { generation: 1 } });
  expect([fleet.done, service.deployments().length]).toEqual([[], 1]);
});

test('a repeated key gets the first answer and has no second effect, also while the first still runs', async () => {
  const { service, fleet } = await aService();
  const operations = createOperations();
  const change = restart();
  const [first, during] = await Promise.all([
    operations.submit(service, change),
    operations.submit(service, { ...change }),
  ]);
  const after = await operations.submit(service, { ...change });
  expect(during).toEqual(first);
  expect(after).toEqual(first);
  expect(fleet.done).toEqual(['replace v41']);
});

test('a key used for something else is refused', async () => {
  const { service, fleet } = await aService();
  const operations = createOperations();
  await operations.submit(service, { kind: 'restart', idempotencyKey: 'same' });
  const other = await operations.submit(service, { kind: 'scale', replicas: 4, idempotencyKey: 'same' });
  expect(other).toEqual({ status: 422, body: { error: 'key_reused' } });
  expect(fleet.done).toEqual(['replace v41']);
});

test('a wrong expected generation is refused with the real one, judged when the change before it is done', async () => {
  const { service, fleet } = await aService();
  const operations = createOperations();
  const [first, second] = await Promise.all([
    operations.submit(service, restart({ expectGeneration: 1 })),
    operations.submit(service, restart({ expectGeneration: 1 })),
  ]);
  expect(first.status).toBe(200);
  expect(second).toEqual({ status: 409, body: { error: 'generation', generation: 2 } });
  expect(fleet.done).toHaveLength(1);
});

test('an unknown version is refused, and a dry run of it too', async () => {
  const { service, fleet } = await aService();
  const operations = createOperations();
  for (const more of [{}, { dryRun: true }]) {
    expect((await operations.submit(service, deploy('v99', more))).status).toBe(422);
  }
  expect([fleet.done, service.view().generation]).toEqual([[], 1]);
});

test('a dry run tells the outcome, changes nothing and does not use up its key', async () => {
  const { service, fleet } = await aService();
  const operations = createOperations();
  const change = deploy('v42', { dryRun: true });
  expect(await operations.submit(service, change)).toMatchObject({
    status: 200,
    body: { dryRun: true, generation: 1, after: { version: 'v42' } },
  });
  expect([fleet.done, service.view().version]).toEqual([[], 'v41']);
  expect(operations.find(change.idempotencyKey)).toBeUndefined();
  expect((await operations.submit(service, { ...change, dryRun: false })).status).toBe(200);
});

test('an operation can be looked up while it runs and after it succeeded, was refused or failed', async () => {
  const { service, fleet } = await aService();
  const operations = createOperations();
  const running = operations.submit(service, { kind: 'restart', idempotencyKey: 'a' });
  expect(operations.find('a')?.state).toBe('running');
  await running;
  expect(operations.find('a')).toMatchObject({ state: 'succeeded', answer: { status: 200 } });
  await operations.submit(service, { kind: 'restart', idempotencyKey: 'b', expectGeneration: 9 });
  expect(operations.find('b')?.state).toBe('refused');
  fleet.behave = () => Promise.reject(new Error('did not start'));
  await operations.submit(service, { kind: 'restart', idempotencyKey: 'c' });
  expect(operations.find('c')).toMatchObject({ state: 'failed', answer: { status: 500 } });
  expect(operations.find('never')).toBeUndefined();
});

test('a change that takes longer than 10 s is answered 504, and the next one still runs', async () => {
  const { service, fleet, clock } = await aService();
  const operations = createOperations();
  fleet.behave = () => new Promise(() => {});
  const stuck = operations.submit(service, restart());
  await clock.advance(9_999);
  fleet.behave = () => Promise.resolve();
  await clock.advance(1);
  expect(await stuck).toMatchObject({ status: 504, body: { error: 'timeout', generation: 2 } });
  expect(await operations.submit(service, restart())).toMatchObject({ status: 200, body: { generation: 3 } });
});
