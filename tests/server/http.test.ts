import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, test } from 'vitest';
import { sha256 } from '#core/hash.ts';
import { redact } from '#core/redact.ts';
import { MAX_BODY_BYTES } from '#intake/verify-delivery.ts';
import { listenHttp } from '#server/http.ts';
import type { StreamedEntry } from '#server/http-api.ts';
import { alice, asAlice, HERE, setUp } from './an-http.ts';

const HASH = sha256('plan');

const GETS = [
  '/v1/status',
  '/v1/incidents',
  '/v1/incidents/INC-1',
  '/v1/approvals',
  '/v1/approvals/A-1',
  '/v1/sessions',
  '/v1/sessions/agent:x:y/export',
  '/v1/entries',
  '/metrics',
];
const POSTS = [
  '/v1/incidents/INC-1',
  '/v1/approvals/A-1',
  '/v1/approvals/A-1/release',
  '/v1/approvals/A-1/again',
  '/v1/stop',
];

test('everything but health and alerts needs a personal token, and each failure is recorded', async () => {
  const { app, failures, calls } = setUp();
  const requests = [
    ...GETS.map((url) => ({ method: 'GET' as const, url })),
    ...POSTS.map((url) => ({ method: 'POST' as const, url, payload: '{' })),
  ];
  for (const headers of [
    {},
    { authorization: 'Bearer fbk_alicf' },
    { authorization: `Bearer ${alice.tokens[0]?.hash}` },
    { authorization: 'Basic fbk_alice' },
  ]) {
    for (const request of requests) {
      const reply = await app.inject({ ...request, headers });
      expect([request.url, reply.statusCode]).toEqual([request.url, 401]);
      expect(reply.json()).toEqual({
        error: expect.any(String),
        correlation: reply.headers['x-correlation-id'],
      });
    }
  }
  expect(failures).toHaveLength(4 * requests.length);
  expect(failures[0]).toEqual({
    what: 'GET /v1/status',
    peer: '127.0.0.1',
    correlation: expect.stringMatching(/^c-[0-9a-f]{8}$/),
  });
  expect(calls).toEqual([]);
});

test('health is open and readiness follows the server', async () => {
  expect((await setUp().app.inject('/healthz')).json()).toEqual({ status: 'ok' });
  expect((await setUp().app.inject('/readyz')).statusCode).toBe(200);
  const reply = await setUp({}, { ready: () => ({ ready: false, checks: { log: 'failed' } }) }).app.inject(
    '/readyz',
  );
  expect([reply.statusCode, reply.json()]).toEqual([503, { status: 'not ready', checks: { log: 'failed' } }]);
});

test('each address reaches its function with what it names, and the person is known', async () => {
  const people: string[] = [];
  const { app, calls } = setUp({
    status: async (asker) => {
      people.push(asker.person.id);
      return { status: 200, body: {} };
    },
  });
  const get = (url: string) => app.inject({ url, headers: asAlice });
  const post = (url: string, payload?: object) =>
    app.inject({ url, method: 'POST', headers: asAlice, ...(payload && { payload }) });
  await get('/v1/status');
  await get('/v1/incidents/INC-12');
  await post('/v1/incidents/INC-12', { verb: 'take' });
  await get('/v1/approvals/A-3');
  await post('/v1/approvals/A-3', { decision: 'approve', hash: HASH, typed: 'checkout' });
  await post('/v1/stop', { off: true });
  await get(`/v1/sessions/${encodeURIComponent(`agent:coordinator:hook:${'x'.repeat(150)}`)}/export`);
  expect(people).toEqual(['alice']);
  expect(calls).toEqual([
    ['incident', 'INC-12'],
    ['say', 'INC-12', { verb: 'take' }],
    ['approval', 'A-3'],
    ['decide', 'A-3', { decision: 'approve', hash: HASH, typed: 'checkout' }],
    ['stop', { off: true }],
    ['sessionExport', `agent:coordinator:hook:${'x'.repeat(150)}`],
  ]);
});

test.each([
  ['POST', '/v1/approvals/A-1', '{', 400],
  ['POST', '/v1/approvals/A-1', '', 400],
  ['POST', '/v1/approvals/A-1', `{"decision":"approve","decision":"deny","hash":"${HASH}"}`, 400],
  ['POST', '/v1/approvals/A-1', '{"decision":"approve"}', 400],
  ['POST', '/v1/approvals/A-1', `{"decision":"approve","hash":"${HASH}","force":true}`, 400],
  ['POST', '/v1/approvals/x', `{"decision":"approve","hash":"${HASH}"}`, 404],
  ['POST', '/v1/stop', '{}', 400],
  ['GET', '/v1/incidents/17', undefined, 404],
  ['GET', '/v1/sessions/..%2f..%2fetc/export', undefined, 404],
  ['GET', '/v1/entries?after=-2', undefined, 400],
  ['GET', '/v1/nothing', undefined, 404],
  ['GET', '/%zz', undefined, 400],
] as const)('%s %s with %j is refused without asking anyone', async (method, url, payload, status) => {
  const { app, calls } = setUp();
  const reply = await app.inject({
    method,
    url,
    headers: asAlice,
    ...(payload !== undefined && { payload }),
  });
  expect(reply.statusCode).toBe(status);
  expect(reply.json()).toEqual({ error: expect.any(String), correlation: expect.stringMatching(/^c-/) });
  expect(calls).toEqual([]);
});

test('answers of the functions keep their status, and errors get the correlation id', async () => {
  const { app } = setUp({
    decide: async () => ({ status: 409, body: { error: 'already decided' } }),
    sessionExport: async () => ({ status: 200, text: '{"type":"session"}\n', type: 'application/x-ndjson' }),
  });
  const decided = await app.inject({
    method: 'POST',
    url: '/v1/approvals/A-1',
    headers: asAlice,
    payload: { decision: 'deny', hash: HASH },
  });
  expect([decided.statusCode, decided.json()]).toEqual([
    409,
    { error: 'already decided', correlation: decided.headers['x-correlation-id'] },
  ]);
  const text = await app.inject({ url: '/v1/sessions/agent:x:y/export', headers: asAlice });
  expect([text.headers['content-type'], text.body]).toEqual([
    'application/x-ndjson; charset=utf-8',
    '{"type":"session"}\n',
  ]);
});

test('a bug is answered in one line without a stack, and reported', async () => {
  const { app, errors } = setUp({ status: () => Promise.reject(new Error('secret detail')) });
  const reply = await app.inject({ url: '/v1/status', headers: asAlice });
  expect(reply.statusCode).toBe(500);
  expect(reply.body).not.toMatch(/secret detail|at .*\.ts|\n/);
  expect(errors).toMatchObject([{ message: 'secret detail' }]);
});

test('alerts are taken with the token of their source, whatever content type they claim', async () => {
  const { app, refusals } = setUp();
  const post = (headers: Record<string, string>) =>
    app.inject({ method: 'POST', url: '/v1/alerts/generic', headers, payload: '{"name":"A"}' });
  const good = await post({ authorization: 'Bearer sender', 'content-type': 'text/plain' });
  expect([good.statusCode, good.json()]).toEqual([202, { incidents: ['INC-1'], alerts: 1, skipped: 0 }]);
  expect((await post({ authorization: 'Bearer sender' })).statusCode).toBe(202);
  const refused = await post(asAlice);
  expect([refused.statusCode, refused.json()]).toEqual([
    401,
    {
      error: 'refused: unauthenticated',
      reason: 'unauthenticated',
      correlation: refused.headers['x-correlation-id'],
    },
  ]);
  expect(refusals).toMatchObject([
    { source: 'generic', peer: '127.0.0.1', correlation: refused.headers['x-correlation-id'] },
  ]);
});

test('an oversized body is refused and recorded', async () => {
  const { app, refusals } = setUp();
  const reply = await app.inject({
    method: 'POST',
    url: '/v1/alerts/generic',
    headers: { authorization: 'Bearer sender' },
    payload: Buffer.alloc(MAX_BODY_BYTES + 1),
  });
  expect(reply.statusCode).toBe(413);
  expect(refusals).toMatchObject([{ source: 'generic', reason: 'oversized' }]);
  const other = await app.inject({
    method: 'POST',
    url: '/v1/stop',
    headers: asAlice,
    payload: Buffer.alloc(MAX_BODY_BYTES + 1),
  });
  expect(other.statusCode).toBe(413);
});

test('a Host header of another name is refused everywhere', async () => {
  const { app } = setUp();
  for (const host of ['firebreak.example', '10.0.0.1', '127.0.0.1.example.com', '[::2]']) {
    for (const url of ['/healthz', '/v1/status'])
      expect((await app.inject({ url, headers: { ...asAlice, host } })).statusCode).toBe(403);
  }
  for (const host of ['localhost:7411', '127.0.0.1', '[::1]:80'])
    expect((await app.inject({ url: '/healthz', headers: { host } })).statusCode).toBe(200);
});

test('metrics count answers by route and failed authentication', async () => {
  const { app } = setUp();
  await app.inject('/v1/status');
  await app.inject({ url: '/v1/incidents/INC-7', headers: asAlice });
  const { body } = await app.inject({ url: '/metrics', headers: asAlice });
  expect(body).toContain('firebreak_auth_failures_total 1');
  expect(body).toContain('firebreak_http_requests_total{route="/v1/incidents/:id",status="200"} 1');
});

test('no answer and no event holds a secret that somebody wrote into an alert, nor one of ours', async () => {
  const word = ['token=', 'hunter', '2xyz'].join('');
  const ours = 'ours-in-plain-sight';
  const about = { title: `checkout is slow ${word}`, said: [{ text: ours }], hash: 'a'.repeat(64) };
  const { app } = setUp(
    {
      incident: async () => ({ status: 200, body: about }),
      say: async () => ({ status: 409, body: { error: `no ${word}`, more: [ours] } }),
      entries: async function* (): AsyncGenerator<StreamedEntry> {
        yield { seq: 0, entry: { kind: 'incident.opened', body: about } };
      },
    },
    { clean: (text) => redact(text).replaceAll(ours, '[redacted]') },
  );
  const shown = await app.inject({ method: 'GET', url: '/v1/incidents/INC-1', headers: asAlice });
  const refused = await app.inject({
    ...{ method: 'POST', url: '/v1/incidents/INC-1', headers: asAlice, payload: { verb: 'ack' } },
  });
  const streamed = await app.inject({ method: 'GET', url: '/v1/entries', headers: asAlice });
  expect(shown.json()).toEqual({
    ...{ title: 'checkout is slow token=[redacted]', said: [{ text: '[redacted]' }], hash: about.hash },
  });
  for (const { body } of [shown, refused, streamed]) {
    expect(body).toContain('[redacted]');
    expect(body).not.toMatch(/hunter|plain-sight/);
  }
});

test('entries arrive as events from the wanted one on, as they come, until the server stops', async () => {
  const gate = Promise.withResolvers<void>();
  const asked: number[] = [];
  const { app, clock } = setUp({
    entries: async function* (_, after, signal): AsyncGenerator<StreamedEntry> {
      asked.push(after);
      yield { seq: after + 1, entry: { kind: 'log.opened' } };
      await gate.promise;
      yield { seq: after + 2, entry: { kind: 'server.started' } };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  });
  const port = await listenHttp(app, HERE);
  const response = await fetch(`http://127.0.0.1:${port}/v1/entries?after=4`, { headers: asAlice });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader();
  const next = async () => Buffer.from((await reader.read()).value ?? []).toString();
  expect(await next()).toBe('id: 5\nevent: entry\ndata: {"kind":"log.opened"}\n\n');
  await clock.advance(15_000);
  expect(await next()).toBe(':\n\n');
  gate.resolve();
  expect(await next()).toBe('id: 6\nevent: entry\ndata: {"kind":"server.started"}\n\n');
  await app.close();
  expect((await reader.read()).done).toBe(true);
  expect([asked, clock.waiting]).toEqual([[4], 0]);
});

test('a client that leaves ends its stream', async () => {
  const ended = Promise.withResolvers<void>();
  const { app } = setUp({
    entries: async function* (_, after, signal): AsyncGenerator<StreamedEntry> {
      yield { seq: after, entry: {} };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      ended.resolve();
    },
  });
  const port = await listenHttp(app, HERE);
  const leave = new AbortController();
  await fetch(`http://127.0.0.1:${port}/v1/entries`, {
    headers: { ...asAlice, 'last-event-id': '9' },
    signal: leave.signal,
  });
  leave.abort();
  await ended.promise;
});

test('a taken port is said in plain words, and an open address is refused', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  await expect(listenHttp(setUp().app, { ...HERE, port })).rejects.toMatchObject({
    code: 'port_taken',
    message: `port ${port} on 127.0.0.1 is taken by another program; stop it, or set another listen.port in the config`,
  });
  other.close();
  await expect(listenHttp(setUp().app, { ...HERE, host: '0.0.0.0' })).rejects.toMatchObject({
    code: 'config_invalid',
  });
});

test('a connection on which nothing was asked does not hold up a stop', async () => {
  const { app, clock } = setUp();
  const port = await listenHttp(app, HERE);
  const accepted = once(app.server, 'connection');
  const silent = connect({ host: '127.0.0.1', port });
  await accepted;
  const gone = once(silent, 'close');
  let isClosed = false;
  const closed = app.close().then(() => {
    isClosed = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isClosed).toBe(false);
  await clock.advance(2_000);
  await Promise.all([closed, gone]);
});
