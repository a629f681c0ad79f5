import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { Secret } from '#core/secret.ts';
import type { Accepted, Delivery } from '#intake/delivery.ts';
import { createHttpGet, type GetAnswer, type GetRequest } from '#intake/http-get.ts';
import type { PollHealth } from '#intake/list-poller.ts';
import { createPoller, type PollerDeps } from '#intake/poller.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';

const A = { labels: { alertname: 'A', service: 'checkout' }, status: { state: 'active' } };
const B = { labels: { alertname: 'B', service: 'checkout' }, status: { state: 'active' } };
const listed = (...alerts: object[]): GetAnswer => ({
  kind: 'answer',
  status: 200,
  text: JSON.stringify(alerts),
});

function setUp(over: Partial<PollerDeps> = {}) {
  const clock = new FakeClock();
  const told: string[] = [];
  const deliveries: Delivery[] = [];
  const health: PollHealth[] = [];
  const requests: GetRequest[] = [];
  const world: { answer: GetAnswer; accepted: Accepted } = {
    answer: listed(),
    accepted: { kind: 'accepted', incidents: [] },
  };
  const poller = createPoller({
    source: 'alertmanager',
    url: 'http://127.0.0.1:9093/',
    token: new Secret('t'),
    everyMs: 10_000,
    goneMs: 30_000,
    clock,
    get: async (request) => {
      requests.push(request);
      return world.answer;
    },
    onAlert: async (delivery) => {
      if (world.accepted.kind === 'accepted')
        told.push(...delivery.alerts.map((alert) => `${alert.name} ${alert.status}`));
      deliveries.push(delivery);
      return world.accepted;
    },
    onHealth: (next) => void health.push(next),
    firing: [],
    ...over,
  });
  const poll = async (answer: GetAnswer) => {
    world.answer = answer;
    await poller.poll();
    await clock.advance(10_000);
    return told.splice(0);
  };
  return { poller, poll, clock, world, health, requests, deliveries };
}

test('only what changed is handed over', async () => {
  const { poll } = setUp();
  expect(await poll(listed(A))).toEqual(['A firing']);
  expect(await poll(listed(A))).toEqual([]);
  expect(await poll(listed(A, B))).toEqual(['B firing']);
});

test('an alert that is gone for long enough is cleared once, and fires again when it comes back', async () => {
  const { poll } = setUp();
  await poll(listed(A));
  expect(await poll(listed())).toEqual([]);
  expect(await poll(listed())).toEqual([]);
  expect(await poll(listed())).toEqual([]);
  expect(await poll(listed())).toEqual(['A cleared']);
  expect(await poll(listed())).toEqual([]);
  expect(await poll(listed(A))).toEqual(['A firing']);
});

test('an alert that is back in time was never gone', async () => {
  const { poll } = setUp();
  await poll(listed(A));
  for (let round = 0; round < 4; round += 1) {
    expect(await poll(listed())).toEqual([]);
    expect(await poll(listed(A))).toEqual([]);
  }
});

test('a silence neither pages nor counts as recovery', async () => {
  const { poll } = setUp();
  const muted = (alert: object) => ({ ...alert, status: { state: 'suppressed' } });
  await poll(listed(A));
  for (let round = 0; round < 6; round += 1) expect(await poll(listed(muted(A), muted(B)))).toEqual([]);
});

test('a failing Alertmanager changes no alert and shows in the health, once', async () => {
  const { poll, health } = setUp();
  await poll(listed(A));
  for (let round = 0; round < 6; round += 1)
    expect(await poll({ kind: 'failed', detail: 'ECONNREFUSED' })).toEqual([]);
  expect(await poll(listed(A))).toEqual([]);
  expect(health).toEqual([{ kind: 'ok' }, { kind: 'failing', detail: 'ECONNREFUSED' }, { kind: 'ok' }]);
});

test.each([
  ['an error status', { kind: 'answer', status: 500, text: '[]' }, 'answered with status 500'],
  ['no JSON', { kind: 'answer', status: 200, text: '<html>' }, 'answer is not usable JSON: syntax'],
  ['another shape', { kind: 'answer', status: 200, text: '{}' }, 'answer is not usable: no_alerts'],
] as const)('an answer with %s is a failure', async (_, answer, detail) => {
  const { poll, health } = setUp();
  await poll(answer);
  expect(health).toEqual([{ kind: 'failing', detail }]);
});

test('what could not be made durable is handed over again with the next poll', async () => {
  const { poll, world } = setUp();
  world.accepted = { kind: 'unavailable' };
  expect(await poll(listed(A))).toEqual([]);
  world.accepted = { kind: 'accepted', incidents: [] };
  expect(await poll(listed(A))).toEqual(['A firing']);
});

test('an alert that fired before a restart and vanished meanwhile is cleared', async () => {
  const first = setUp();
  await first.poll(listed(A));
  const { poll } = setUp({ firing: first.deliveries.flatMap((delivery) => delivery.alerts) });
  for (let round = 0; round < 3; round += 1) expect(await poll(listed())).toEqual([]);
  expect(await poll(listed())).toEqual(['A cleared']);
});

test('it asks at its interval with its token until it is stopped', async () => {
  const { poller, clock, requests } = setUp();
  const stop = new AbortController();
  const ended = poller.run(stop.signal);
  await clock.advance(25_000);
  stop.abort();
  await ended;
  expect(requests.map((request) => request.token)).toEqual(['t', 't', 't']);
  expect(requests[0]?.url).toBe(
    'http://127.0.0.1:9093/api/v2/alerts?active=true&silenced=true&inhibited=true&unprocessed=false',
  );
});

const servers: (() => void)[] = [];
afterEach(() => {
  for (const close of servers.splice(0)) close();
});

async function serve(
  answer: (headers: Record<string, unknown>) => { status: number; body: string } | null,
): Promise<string> {
  const server = createServer((request, response) => {
    const reply = answer(request.headers);
    if (reply) response.writeHead(reply.status, { location: '/elsewhere' }).end(reply.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test('the HTTP client sends its token, follows no redirect and bounds time and size', async () => {
  const limits = { timeoutMs: 5_000, maxBytes: 100, clock: realClock };
  const url = await serve((headers) => ({ status: 200, body: String(headers.authorization) }));
  expect(await createHttpGet(url)({ url, token: 'abc', ...limits })).toEqual({
    kind: 'answer',
    status: 200,
    text: 'Bearer abc',
  });
  const redirect = await serve(() => ({ status: 302, body: '' }));
  expect(await createHttpGet(redirect)({ url: redirect, ...limits })).toMatchObject({
    ...{ kind: 'failed', detail: expect.stringContaining('elsewhere, which is not followed') },
  });
  const large = await serve(() => ({ status: 200, body: 'x'.repeat(101) }));
  expect(await createHttpGet(large)({ url: large, ...limits })).toEqual({
    kind: 'failed',
    detail: 'the answer is larger than 100 bytes',
  });
  const silent = await serve(() => null);
  expect(await createHttpGet(silent)({ url: silent, ...limits, timeoutMs: 30 })).toEqual({
    kind: 'failed',
    detail: 'no answer within 30 ms',
  });
  const [closed, other] = ['http://127.0.0.1:1/', 'http://127.0.0.1:2/'];
  expect(await createHttpGet(closed)({ url: closed, ...limits })).toMatchObject({ kind: 'failed' });
  expect(await createHttpGet(closed)({ url: other, ...limits })).toMatchObject({
    detail: expect.stringContaining('127.0.0.1:2 is not among the addresses of the config'),
  });
});

test('the alert that shows that Alertmanager lives is told of again in its own rhythm, others are not', async () => {
  const { poll } = setUp({ watchdog: { alert: 'A', everyMs: 20_000 } });
  expect(await poll(listed(A, B))).toEqual(['A firing', 'B firing']);
  expect(await poll(listed(A, B))).toEqual([]);
  expect(await poll(listed(A, B))).toEqual(['A firing']);
});
