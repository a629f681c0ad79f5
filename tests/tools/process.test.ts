import { expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import type { ChangeOrder } from '#tools/drivers/ports.ts';
import { createProcessDriver } from '#tools/drivers/process.ts';
import { aService } from './a-service.ts';
import { type Heard, loopback, never, type Reply } from './loopback.ts';

const service = aService();
const target = 'service:checkout';
const view = {
  name: 'checkout',
  uid: 'u-1',
  generation: 7,
  version: 'v42',
  replicas: 2,
  maxReplicas: 4,
  address: 'http://127.0.0.1:1',
  instances: [
    { id: 'a', pid: 1, port: 2, state: 'running', version: 'v42', startedAt: '2026-01-05T03:00:00.000Z' },
    {
      id: 'b',
      pid: 3,
      port: 4,
      state: 'exited',
      version: 'v42',
      startedAt: '2026-01-05T03:00:00.000Z',
      exitCode: 137,
    },
  ],
};
const history = [
  { id: 'd2', version: 'v42', at: '2026-01-05T03:12:00.000Z', by: 'ci' },
  { id: 'd1', version: 'v41', at: '2026-01-04T10:00:00.000Z', by: 'ci' },
];
const before = { version: 'v42', replicas: 2 };

function answers(change: (heard: Heard) => Reply): (heard: Heard) => Reply {
  return (heard) => {
    if (heard.token !== 'Bearer sesame') return { status: 401, body: { error: 'unauthorised' } };
    if (heard.method === 'POST') return change(heard);
    if (heard.path === '/v1/services/checkout') return { body: view };
    return heard.path === '/v1/services/checkout/deployments'
      ? { body: history }
      : { status: 404, body: { error: 'not_found' } };
  };
}

async function driverWith(change: (heard: Heard) => Reply, token = 'sesame') {
  const { url, heard, close } = await loopback(answers(change));
  const driver = createProcessDriver({ url: `${url}/`, token: () => token, changeTimeoutMs: 200 }, realClock);
  return { driver, heard, close, url };
}

const order = (change: ChangeOrder['change']): ChangeOrder => ({ change, key: 'k-1', expectGeneration: 7 });
const restart = order({ tool: 'service_restart', target });
const done = (): Reply => ({
  body: { operation: 'op-1', generation: 8, before, after: before, took: 812.4 },
});

test('describes what runs, with times in ms', async () => {
  const { driver } = await driverWith(done);
  const seen = await driver.describe(service, never);
  expect(seen).toMatchObject({
    kind: 'seen',
    value: { uid: 'u-1', generation: 7, version: 'v42', replicas: 2 },
  });
  const instances = seen.kind === 'seen' ? seen.value.instances : [];
  expect(instances.map(({ state, exitCode }) => [state, exitCode])).toEqual([
    ['running', null],
    ['exited', 137],
  ]);
  expect(instances[0]?.startedAt).toBe(Date.UTC(2026, 0, 5, 3));
});

test('a wrong token, an unknown service and an unreadable answer are gaps, each with its reason', async () => {
  const wrong = await driverWith(done, 'wrong');
  expect(await wrong.driver.describe(service, never)).toMatchObject({ kind: 'gap', reason: 'refused' });
  const { driver } = await driverWith(done);
  const stranger = aService({ workload: { driver: 'process', name: '../operations/x' } });
  expect(await driver.describe(stranger, never)).toMatchObject({ kind: 'gap', reason: 'no_data' });
  const odd = await loopback(() => ({ body: { ...view, version: 'v42\u001b[31m' } }));
  const oddDriver = createProcessDriver({ url: odd.url, token: () => 'x' }, realClock);
  expect(await oddDriver.describe(service, never)).toMatchObject({ kind: 'gap', reason: 'bad_answer' });
});

test('a roll-back is a deploy of the version that the reference means now', async () => {
  const { driver, heard } = await driverWith(done);
  const rollback = order({ tool: 'service_rollback', target, to: 'deploy:checkout@-1' });
  expect(await driver.apply(service, rollback, never)).toEqual({ kind: 'done', generation: 8, tookMs: 812 });
  const sent = heard.at(-1);
  expect(sent?.path).toBe('/v1/services/checkout/deploy');
  expect(sent?.body).toEqual({ version: 'v41', idempotencyKey: 'k-1', expectGeneration: 7, by: 'firebreak' });
});

test('a reference that the history does not have sends nothing', async () => {
  const { driver, heard } = await driverWith(done);
  const rollback = order({ tool: 'service_rollback', target, to: 'deploy:checkout@-5' });
  expect(await driver.apply(service, rollback, never)).toMatchObject({
    kind: 'refused',
    reason: 'not_found',
  });
  expect(heard.every(({ method }) => method === 'GET')).toBe(true);
});

test('an undo deploys the exact version that it names', async () => {
  const { driver, heard } = await driverWith(done);
  await driver.apply(service, order({ tool: 'service_rollback', target, version: 'v42' }), never);
  expect(heard.at(-1)?.body).toMatchObject({ version: 'v42' });
});

test('the dry run asks the supervisor and counts the instances that are touched', async () => {
  const { driver, heard } = await driverWith(() => ({
    body: { dryRun: true, generation: 7, before, after: { version: 'v42', replicas: 4 } },
  }));
  const seen = await driver.dryRun(service, { tool: 'service_scale', target, replicas: 4 }, never);
  expect(seen).toMatchObject({
    kind: 'seen',
    value: { uid: 'u-1', generation: 7, preview: { instances: 2, before } },
  });
  expect(heard.at(-1)?.body).toEqual({
    dryRun: true,
    replicas: 4,
    expectGeneration: 7,
    idempotencyKey: 'dry-run',
    by: 'firebreak',
  });
});

test('a service that changes while it is looked at has no dry run', async () => {
  const { driver } = await driverWith(() => ({ body: { generation: 8, before, after: before } }));
  expect(await driver.dryRun(service, restart.change, never)).toMatchObject({
    kind: 'gap',
    reason: 'bad_answer',
  });
});

test.each([
  [{ status: 409, body: { error: 'generation', generation: 9 } }, 'generation'],
  [{ status: 422, body: { error: 'unknown_version' } }, 'invalid'],
  [{ status: 404, body: { error: 'not_found' } }, 'not_found'],
  [{ status: 401, body: { error: 'unauthorised' } }, 'unauthorised'],
  [{ status: 400, body: 'no' }, 'invalid'],
])('an answer %j means that nothing happened', async (reply, reason) => {
  const { driver } = await driverWith(() => reply);
  expect(await driver.apply(service, restart, never)).toMatchObject({ kind: 'refused', reason });
});

test.each<[string, Reply]>([
  ['a server error', { status: 504, body: { error: 'timeout' } }],
  ['silence', 'hang'],
  ['a broken connection', 'reset'],
  ['an answer that cannot be read', { body: 'done, I think' }],
])('%s leaves the outcome unknown', async (_, reply) => {
  const { driver } = await driverWith(() => reply);
  expect(await driver.apply(service, restart, never)).toMatchObject({ kind: 'unknown' });
});

test('a supervisor that does not listen was never asked, so nothing happened', async () => {
  const { driver, close } = await driverWith(done);
  await close();
  expect(await driver.apply(service, restart, never)).toMatchObject({ kind: 'refused', reason: 'not_found' });
});

test.each([
  ['succeeded', 'happened'],
  ['done', 'happened'],
  ['refused', 'did_not_happen'],
  ['failed', 'unknown'],
  ['running', 'unknown'],
])('an operation that is %s afterwards settles as %s', async (state, settled) => {
  const { url, heard } = await loopback(() => ({ body: { state, operation: 'op-1' } }));
  const driver = createProcessDriver({ url, token: () => 'sesame' }, realClock);
  expect(await driver.settle(service, 'k/1', never)).toBe(settled);
  expect(heard[0]?.path).toBe('/v1/operations/k%2F1');
});

test('a key that was never seen did not happen; a supervisor that cannot be asked leaves it unknown', async () => {
  const { driver, close } = await driverWith(done);
  expect(await driver.settle(service, 'k-9', never)).toBe('did_not_happen');
  await close();
  expect(await driver.settle(service, 'k-9', never)).toBe('unknown');
});

test('the change by hand names address and arguments and no token', async () => {
  const { driver, url } = await driverWith(done);
  const manual = driver.manual(service, { tool: 'service_rollback', target, version: 'v41' });
  expect(manual).toBe(`POST ${url}/v1/services/checkout/deploy {"version":"v41","idempotencyKey":"<new>"}`);
  expect(manual).not.toContain('sesame');
});
