import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { parseCidr } from '#core/ip.ts';
import { MAX_BODY_BYTES } from '#intake/verify-delivery.ts';
import { listenHttp } from '#server/http.ts';
import { callerOf } from '#server/http-peer.ts';
import type { Listen } from '#server/listen-rules.ts';
import { asAlice, HERE, setUp } from './an-http.ts';

const network = (text: string) => {
  const found = parseCidr(text);
  if (found === undefined) throw new Error(`${text} is no network`);
  return found;
};

/** What comes back for these bytes, until the other end closes. */
function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(bytes));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
  });
}

const head = (...lines: string[]): string => `${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`;
const GOOD = 'Host: 127.0.0.1';
const TOKEN = 'Authorization: Bearer fbk_alice';

test.each([
  ...['firebreak.example', '10.0.0.1', '127.0.0.1.example.com', '[::2]', 'localhost.', 'localhost@evil'],
  ...['127.0.0.1:80:80', '127.1', '0x7f000001', '2130706433', '0177.0.0.1', '[::ffff:10.0.0.1]', '0.0.0.0'],
  ...['[127.0.0.1]', 'localhost/', '127.0.0.1 evil', 'evil,localhost', '[::1', '[::1%lo]', 'LOCALHOST.EVIL'],
])('a Host header of %j is refused everywhere', async (host) => {
  const { app, calls } = setUp();
  for (const url of ['/healthz', '/v1/status', '/nothing']) {
    const reply = await app.inject({ url, headers: { ...asAlice, host } });
    expect([url, reply.statusCode]).toEqual([url, 403]);
  }
  expect(calls).toEqual([]);
});

test('the names of this machine, its own address and those of the config are answered', async () => {
  const listen: Listen = { ...HERE, host: '100.64.0.5', hosts: ['firebreak.example.com'] };
  const { app } = setUp({}, { listen });
  for (const host of [
    ...['localhost:7411', 'LOCALHOST', '127.0.0.1', '127.9.9.9:1', '[::1]:80', '[::ffff:127.0.0.1]'],
    ...['100.64.0.5:7411', 'firebreak.example.com', 'FireBreak.Example.com:443'],
  ])
    expect([host, (await app.inject({ url: '/healthz', headers: { host } })).statusCode]).toEqual([
      host,
      200,
    ]);
  expect((await app.inject({ url: '/healthz', headers: { host: '100.64.0.6' } })).statusCode).toBe(403);
});

test('a request of a web page is refused, whatever Origin it names and however it asks', async () => {
  const { app, calls } = setUp();
  for (const origin of [
    'null',
    'http://127.0.0.1:7411',
    'http://localhost',
    'https://evil.example',
    'file://',
  ]) {
    for (const method of ['GET', 'POST', 'OPTIONS'] as const) {
      const reply = await app.inject({
        ...{ method, url: '/v1/status', payload: method === 'POST' ? '{}' : '' },
        headers: { ...asAlice, origin, 'access-control-request-method': 'POST' },
      });
      expect(reply.statusCode).toBe(403);
      expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  }
  expect(calls).toEqual([]);
});

test('only GET and POST are answered, and no header turns one method into another', async () => {
  const { app, calls } = setUp();
  for (const method of ['OPTIONS', 'PUT', 'PATCH', 'DELETE', 'HEAD'] as const)
    expect((await app.inject({ method, url: '/v1/stop', headers: asAlice })).statusCode).toBe(405);
  for (const name of ['x-http-method-override', 'x-method-override', 'x-http-method'])
    expect(
      (
        await app.inject({
          url: '/v1/stop',
          headers: { ...asAlice, [name]: 'POST' },
          payload: '{"off":true}',
        })
      ).statusCode,
    ).toBe(404);
  expect(calls).toEqual([]);
});

test('requests that two readers would read differently are refused with one line', async () => {
  const { app, calls } = setUp();
  const port = await listenHttp(app, HERE);
  const statusOf = async (...lines: string[]) => {
    const [first = '', body = ''] = (await raw(port, head(...lines))).split('\r\n\r\n');
    expect(first.toLowerCase()).not.toContain('\r\nserver:');
    if (body !== '') expect(Object.keys(JSON.parse(body))).toEqual(['error', 'correlation']);
    return Number(first.split(' ')[1]);
  };
  expect(await statusOf('GET http://127.0.0.1/v1/status HTTP/1.1', GOOD, TOKEN)).toBe(400);
  expect(await statusOf('GET http://evil.example/v1/status HTTP/1.1', GOOD, TOKEN)).toBe(400);
  expect(await statusOf('GET * HTTP/1.1', GOOD, TOKEN)).toBe(400);
  expect(await statusOf('GET /v1/status HTTP/1.1', TOKEN)).toBe(403);
  expect(await statusOf('GET /v1/status HTTP/1.1', 'Host: ', TOKEN)).toBe(403);
  expect(await statusOf('GET /v1/status HTTP/1.0', TOKEN)).toBe(403);
  expect(await statusOf('GET /v1/status HTTP/1.1', GOOD, 'Host: evil.example', TOKEN)).toBe(400);
  expect(await statusOf('GET /v1/status HTTP/1.1', GOOD, TOKEN, 'Authorization: Bearer other')).toBe(400);
  expect(await statusOf('GET /v1/status HTTP/1.1', GOOD, 'authorization: x', TOKEN)).toBe(400);
  expect(await statusOf('GET /v1/status HTTP/1.1', GOOD, 'X-Correlation-Id: a', 'X-Correlation-Id: b')).toBe(
    400,
  );
  expect(await statusOf('TRACE /v1/status HTTP/1.1', GOOD, TOKEN)).toBe(405);
  const chunked = ['Transfer-Encoding: chunked', 'Content-Length: 2'];
  expect(await statusOf('POST /v1/stop HTTP/1.1', GOOD, TOKEN, ...chunked)).toBe(400);
  expect(await statusOf('POST /v1/stop HTTP/1.1', GOOD, TOKEN, 'Transfer-Encoding: chunked, identity')).toBe(
    400,
  );
  expect(await statusOf('GET /v1/status HTTP/1.1', GOOD, TOKEN, 'X: a\rb')).toBe(400);
  expect(await statusOf('GET /v1/status HTTP/1.1', GOOD, TOKEN, `X: ${'a'.repeat(1024 * 1024)}`)).toBe(431);
  expect(await statusOf(`GET /${'a'.repeat(1024 * 1024)} HTTP/1.1`, GOOD, TOKEN)).toBe(431);
  expect(await statusOf('\x16\x03\x01 HTTP/1.1', GOOD)).toBe(400);
  expect(calls).toEqual([]);
});

test('a body in pieces that grows past the limit is cut off and refused', async () => {
  const { app, calls } = setUp();
  const port = await listenHttp(app, HERE);
  const start = head('POST /v1/stop HTTP/1.1', GOOD, TOKEN, 'Transfer-Encoding: chunked');
  const piece = `${(64 * 1024).toString(16)}\r\n${'x'.repeat(64 * 1024)}\r\n`;
  const answer = await raw(port, start + piece.repeat(MAX_BODY_BYTES / (64 * 1024) + 1));
  expect(answer).toContain('413');
  expect(calls).toEqual([]);
});

test('slow senders and heaps of connections are bounded', () => {
  const { app } = setUp();
  expect([app.server.headersTimeout, app.server.requestTimeout, app.server.maxConnections]).toEqual([
    10_000, 30_000, 500,
  ]);
});

test('a correlation id that fits is kept, and every other one is replaced', async () => {
  const { app } = setUp();
  const got = async (sent: string) =>
    (await app.inject({ url: '/v1/none', headers: { 'x-correlation-id': sent } })).headers[
      'x-correlation-id'
    ];
  for (const good of ['a', 'Trace-1_x', 'x'.repeat(64)]) expect(await got(good)).toBe(good);
  for (const bad of ['', ' ', 'x'.repeat(65), 'a b', 'a;b', '../x', 'é', 'a%0d%0aSet-Cookie:x', '{}'])
    expect(await got(bad)).toMatch(/^c-[0-9a-f]{8}$/);
});

const PAGE = {
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
};

test('every answer has the security headers, also refusals, failures and what cannot be read', async () => {
  const { app } = setUp({ status: () => Promise.reject(new Error('broken')) });
  const replies = [
    await app.inject('/healthz'),
    await app.inject({ url: '/v1/incidents', headers: asAlice }),
    await app.inject('/v1/incidents'),
    await app.inject({ url: '/v1/status', headers: asAlice }),
    await app.inject('/nothing'),
    await app.inject('/%zz'),
    await app.inject({ url: '/healthz', headers: { host: 'evil' } }),
    await app.inject({ method: 'POST', url: '/v1/alerts/none', payload: '{}' }),
  ];
  expect(replies.map(({ statusCode }) => statusCode)).toEqual([200, 200, 401, 500, 404, 400, 403, 404]);
  for (const { headers } of replies) {
    expect(headers).toMatchObject(PAGE);
    for (const name of ['server', 'x-powered-by', 'strict-transport-security'])
      expect(headers).not.toHaveProperty(name);
  }
  const port = await listenHttp(app, HERE);
  const expecting = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nExpect: much\r\nConnection: close\r\n\r\n';
  for (const text of ['nonsense\r\n\r\n', expecting]) {
    const said = await raw(port, text);
    for (const [name, value] of Object.entries(PAGE)) expect(said).toContain(`${name}: ${value}\r\n`);
  }
  const stream = await fetch(`http://127.0.0.1:${port}/v1/entries`, { headers: asAlice });
  for (const [name, value] of Object.entries(PAGE)) expect(stream.headers.get(name)).toBe(value);
});

const OPEN: Listen = {
  ...HERE,
  host: '10.0.0.5',
  allow: [network('10.0.0.0/8')],
  trustedProxies: [network('10.0.9.0/24'), network('fd00:9::/32')],
};

test.each([
  ['203.0.113.9', '1.2.3.4', '203.0.113.9'], // nobody we trust
  ['203.0.113.9', '10.0.9.1, 1.2.3.4', '203.0.113.9'],
  ['10.0.9.1', '1.2.3.4', '1.2.3.4'],
  ['10.0.9.1', '6.6.6.6, 1.2.3.4', '1.2.3.4'], // what the sender wrote itself stands to the left
  ['10.0.9.1', '127.0.0.1, 1.2.3.4, 10.0.9.2', '1.2.3.4'],
  ['10.0.9.1', 'unknown', '10.0.9.1'],
  ['10.0.9.1', '1.2.3.4, not an address', '10.0.9.1'],
  ['10.0.9.1', '1.2.3.4:5555', '10.0.9.1'],
  ['10.0.9.1', '0x7f000001', '10.0.9.1'],
  ['10.0.9.1', '', '10.0.9.1'],
  ['10.0.9.1', undefined, '10.0.9.1'],
  ['10.0.9.1', '10.0.9.7, 10.0.9.8', '10.0.9.7'],
  ['::ffff:10.0.9.1', '::ffff:1.2.3.4', '1.2.3.4'],
  ['fd00:9::1', '2001:db8::7', '2001:db8:0:0:0:0:0:7'],
  [undefined, '1.2.3.4', 'unknown'],
])('from %s with X-Forwarded-For %j it is %s that asks', (remote, forwarded, peer) => {
  expect(callerOf(remote, forwarded, OPEN).peer).toBe(peer);
});

test('without trusted proxies X-Forwarded-For is never believed', () => {
  expect(callerOf('127.0.0.1', '1.2.3.4', HERE).peer).toBe('127.0.0.1');
});

test('what comes past the proxy over plain HTTP is refused, but for health', async () => {
  const { app, calls } = setUp({}, { listen: OPEN });
  const from = (remoteAddress: string, url: string) =>
    app.inject({ url, remoteAddress, headers: { ...asAlice, host: '10.0.0.5:7411' } });
  for (const outside of ['10.0.0.9', '203.0.113.9', '::ffff:10.0.0.9', '100.64.0.1']) {
    expect((await from(outside, '/v1/status')).statusCode).toBe(403);
    expect((await from(outside, '/healthz/../v1/status')).statusCode).toBe(403);
    expect((await from(outside, '/healthz')).statusCode).toBe(200);
  }
  expect(calls).toEqual([]);
  for (const inside of ['10.0.9.1', '::ffff:10.0.9.1', '127.0.0.1', 'fd00:9::1'])
    expect((await from(inside, '/v1/status')).statusCode).toBe(200);
});
