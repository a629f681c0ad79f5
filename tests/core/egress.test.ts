import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { inspect, promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { originOf } from '#core/egress/rules.ts';
import { createEgress } from '#core/egress.ts';
import { Secret } from '#core/secret.ts';
import { createTransport } from '#llm/transport.ts';
import { authorised } from '#slack/authorised.ts';
import { askHttp } from '#tools/drivers/http-text.ts';
import { certificate } from '../fakes/certificate.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

type Options = Partial<Parameters<typeof createEgress>[0]>;

async function listen(listener: RequestListener, { host = '127.0.0.1', tls }: Where = {}) {
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  server.on('tlsClientError', () => {});
  server.listen(0, host);
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { server, port, connections: () => connections };
}
type Where = { readonly host?: string; readonly tls?: ServerOptions };

/** A server on this machine, and a way out to it under this name. */
async function serve(listener: RequestListener, options: Options & { name?: string } & Where = {}) {
  const { name = '127.0.0.1', host, tls, ...rest } = options;
  const at = await listen(listener, { ...(host && { host }), ...(tls && { tls }) });
  const url = `${tls === undefined ? 'http' : 'https'}://${name}:${at.port}`;
  return { ...at, url, ...createEgress({ rules: [originOf(url)], ...rest }) };
}

describe('a connection', () => {
  test('goes to the address that was judged, and a kept one costs no second look-up', async () => {
    let asked = 0;
    const here = await serve((_, response) => response.end('here'), {
      ...{ name: 'localhost', host: '127.0.0.2' },
      resolve: async () => {
        asked += 1;
        return [{ address: '127.0.0.2', family: 4 }];
      },
    });
    for (let i = 0; i < 10; i += 1) expect(await (await here.fetch(`${here.url}/`)).text()).toBe('here');
    expect([asked, here.connections()]).toEqual([1, 1]);
  });

  test('is judged anew when the name leads elsewhere by then', async () => {
    const answers = ['127.0.0.1', '169.254.169.254'];
    const { server, fetch, url, connections } = await serve(
      (_, response) => response.setHeader('connection', 'close').end('here'),
      { name: 'localhost', resolve: async () => [{ address: answers.shift() ?? '', family: 4 }] },
    );
    expect(await (await fetch(url)).text()).toBe('here');
    server.closeAllConnections();
    await expect(fetch(url)).rejects.toMatchObject({ reason: 'address_forbidden', sent: false });
    expect(connections()).toBe(1);
  });

  test('that was closed while it was kept is made again for what may be asked twice, and for nothing else', async () => {
    let heard = 0;
    const { fetch, url, connections } = await serve((request, response) => {
      heard += 1;
      if (heard % 2 === 0) request.socket.destroy();
      else response.end('here');
    });
    const get = async () => (await fetch(url)).text();
    expect([await get(), await get()]).toEqual(['here', 'here']);
    expect([heard, connections()]).toEqual([3, 2]);
    await expect(fetch(url, { method: 'POST', body: 'x' })).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(heard).toBe(4);
  });

  test('that is not made in time is given up', async () => {
    const clock = new FakeClock();
    const { promise, resolve } = Promise.withResolvers<void>();
    const silent = () => new Promise<never>(() => resolve());
    const url = 'http://prom.internal:9090/';
    const asking = createEgress({ rules: [originOf(url)], resolve: silent, clock }).fetch(url);
    const given = expect(asking).rejects.toMatchObject({ code: 'EGRESS_CONNECT_TIMEOUT' });
    await promise;
    await clock.advance(10_000);
    await given;
    const stop = new AbortController();
    const stopped = createEgress({ rules: [originOf(url)], resolve: silent, clock }).fetch(url, stop);
    stop.abort();
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('obeys no proxy of the environment and no word there to trust everybody', async () => {
    const { port } = await listen((_, response) => response.end('proxy'));
    const good = certificate({ names: ['127.0.0.1'] });
    const server = await listen((_, response) => response.end('server'), { tls: good });
    const plain = await listen((_, response) => response.end('server'));
    const proxy = `http://127.0.0.1:${port}`;
    const urls = [`http://127.0.0.1:${plain.port}`, `https://127.0.0.1:${server.port}`];
    const script = `
      import { createEgress } from '#core/egress.ts';
      import { originOf } from '#core/egress/rules.ts';
      for (const url of ${JSON.stringify(urls)})
        await createEgress({ rules: [originOf(url)] }).fetch(url)
          .then((answer) => answer.text(), (error) => error.reason).then(console.log);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      env: {
        ...{ HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NODE_USE_ENV_PROXY: '1', NODE_NO_WARNINGS: '1' },
        NODE_TLS_REJECT_UNAUTHORIZED: '0',
      },
    });
    expect(stdout.trim().split('\n')).toEqual(['server', 'tls']);
  });
});

describe('a request', () => {
  test('is what was asked for, to the host of its address, and asks for no compression', async () => {
    const { fetch, url, port } = await serve(({ method, url: path, headers }, response) =>
      response.end(JSON.stringify({ method, path, headers })),
    );
    const headers = {
      host: 'evil.example',
      'transfer-encoding': 'chunked',
      'x-one': '1',
      'accept-encoding': 'br',
    };
    const body = new URLSearchParams({ a: 'b' });
    const sent = await fetch(`${url}/a\r\nb?c=d#e`, { method: 'post', headers, body });
    expect(await sent.json()).toEqual({
      ...{ method: 'POST', path: '/ab?c=d' },
      headers: {
        ...{ host: `127.0.0.1:${port}`, connection: 'keep-alive', accept: '*/*', 'x-one': '1' },
        ...{ 'content-length': '3', 'accept-encoding': 'identity' },
        'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
      },
    });
  });

  test.each([{ headers: { 'x-one': '1\r\nx-two: 2' } }, { method: 'GET / HTTP/1.1\r\nx-two: 2' }])(
    'that would break out of its line is not sent: %j',
    async (init) => {
      const { fetch, url, connections } = await serve((_, response) => response.end());
      await expect(fetch(url, init)).rejects.toThrow();
      expect(connections()).toBe(0);
    },
  );

  test.each(['two words\nof it', 'a\0b', 'a\u20acb'])(
    'with a token that no header can carry is not sent, and the token is not repeated: %j',
    async (token) => {
      const { fetch, url, connections } = await serve((_, response) => response.end());
      const headers = { authorization: `Bearer ${token}` };
      const transport = createTransport({ to: [url] });
      onTestFinished(transport.close);
      const send = authorised(fetch, new Secret(token));
      for (const ask of [
        () => fetch(url, { headers }),
        () => transport.fetch(url, { headers }),
        () => send(url),
      ]) {
        const error = await ask().catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'secret_unusable' });
        expect(inspect(error)).not.toMatch(/words|of it|a\0b|€b/);
      }
      const asked = await askHttp(
        { url, token: () => token, timeoutMs: 1000, send: fetch },
        new FakeClock(),
        new AbortController().signal,
      );
      expect(asked).toMatchObject({ reason: 'not_configured', sent: false });
      expect(JSON.stringify(asked)).not.toMatch(/words|of it/);
      expect(connections()).toBe(0);
    },
  );

  test('ends with its signal, before the answer and in the middle of it', async () => {
    const { fetch, url } = await serve(
      ({ url: path }, response) => void (path === '/two' && response.write('1')),
    );
    const [one, two] = [new AbortController(), new AbortController()];
    const waiting = fetch(`${url}/one`, { signal: one.signal });
    one.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    const answer = await fetch(`${url}/two`, { signal: two.signal });
    two.abort();
    await expect(answer.text()).rejects.toThrow();
    await expect(fetch(url, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('an answer', () => {
  test('that wants to go on as something else ends at once', async () => {
    const { fetch, url } = await serve(({ socket }) =>
      socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    );
    await expect(fetch(url)).rejects.toThrow('gave no answer');
  });

  test.each([301, 302, 303, 307, 308])('that leads elsewhere with %d is not followed', async (status) => {
    let heard = 0;
    const { fetch, url } = await serve((_, response) => {
      heard += 1;
      response.writeHead(status, { location: 'http://169.254.169.254/latest' }).write('x'.repeat(100_000));
    });
    await expect(fetch(url)).rejects.toMatchObject({ reason: 'redirect', sent: true });
    expect(heard).toBe(1);
  });

  test('that is too large is not read, whether it says so or not', async () => {
    let written = 0;
    const { fetch, url } = await serve(
      ({ url: path }, response) => {
        if (path === '/said') return void response.writeHead(200, { 'content-length': '101' }).write('x');
        const more = (): void => {
          written += 1024;
          if (!response.destroyed) response.write('x'.repeat(1024), more);
        };
        more();
      },
      { maxBytes: 100 },
    );
    await expect(fetch(`${url}/said`)).rejects.toMatchObject({ reason: 'too_large' });
    const endless = await fetch(url);
    await expect(endless.text()).rejects.toMatchObject({ reason: 'too_large' });
    expect(written).toBeLessThan(20_000_000);
  });

  test('that was compressed unasked stays as small as it is', async () => {
    const bomb = gzipSync('x'.repeat(5_000_000));
    const { fetch, url } = await serve(
      (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
      { maxBytes: 10_000 },
    );
    expect((await (await fetch(url)).arrayBuffer()).byteLength).toBe(bomb.byteLength);
  });

  test('that goes on for too long ends, as does one whose head does not come', async () => {
    const clock = new FakeClock();
    const { fetch, url } = await serve(
      ({ url: path }, response) => void (path === '/slow' && response.write('1')),
      {
        ...{ clock, totalMs: 1000 },
      },
    );
    const { body } = await fetch(`${url}/slow`);
    const reader = body?.getReader();
    await reader?.read();
    const reading = expect(reader?.read()).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    await clock.advance(1000);
    await reading;
    const heard = vi.waitFor(() => expect(clock.waiting).toBeGreaterThan(0));
    const asking = expect(fetch(url)).rejects.toMatchObject({ code: expect.stringContaining('TIME') });
    await heard;
    await clock.advance(120_000);
    await asking;
  });
});

const authority = certificate({ names: ['authority'] });
const names = ['127.0.0.1', 'localhost'];
const day = (n: number): Date => new Date(Date.now() + n * 24 * 3600 * 1000);

describe('a server whose certificate', () => {
  const trusted = getCACertificates('default');
  beforeAll(() => setDefaultCACertificates([authority.cert]));
  afterAll(() => setDefaultCACertificates(trusted));
  const ask = {
    egress: (url: string) => createEgress({ rules: [originOf(url)] }).fetch(url),
    transport: async (url: string) => {
      const transport = createTransport({ to: [url] });
      onTestFinished(transport.close);
      return transport.fetch(url, { method: 'POST', body: new TextEncoder().encode('{}') });
    },
  };

  test.each(Object.entries(ask))('is good is spoken to (%s)', async (_, asking) => {
    const { url } = await serve((_, response) => response.end('here'), {
      tls: certificate({ names, issuer: authority }),
    });
    expect(await (await asking(url)).text()).toBe('here');
  });

  test.each([
    ['has expired', { names, issuer: authority, from: day(-3), until: day(-1) }, {}],
    ['is not good yet', { names, issuer: authority, from: day(1), until: day(3) }, {}],
    ['is for another host', { names: ['prom.internal', '127.0.0.2'], issuer: authority }, {}],
    ['is signed by itself', { names }, {}],
    ['is signed by a stranger', { names, issuer: certificate({ names: ['authority'] }) }, {}],
    ['comes over TLS 1.1', { names, issuer: authority }, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }],
  ] as const)('%s is told nothing', async (_, made, versions) => {
    const { url, server } = await serve(() => {}, {
      tls: { ...certificate(made), ...versions, ciphers: 'DEFAULT@SECLEVEL=0' },
    });
    const heard = vi.fn();
    server.on('request', heard);
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(ask.egress(url)).rejects.toMatchObject({ reason: 'tls' });
    await expect(ask.transport(url)).rejects.toMatchObject({ reason: 'tls' });
    expect(heard).not.toHaveBeenCalled();
  });
});
