import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { chunksOf, createTransport } from '#llm/transport.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const transport = createTransport({ to: [url] });
  closers.push(async () => {
    server.close();
    server.closeAllConnections();
  }, transport.close);
  return { ...transport, url, connections: () => connections };
}

const post = { method: 'POST', body: new TextEncoder().encode('{}') };

describe('the transport', () => {
  test('keeps connections alive for the requests after', async () => {
    const { fetch, url, connections } = await serve((_, response) => response.end('ok'));
    for (let i = 0; i < 20; i += 1) expect(await (await fetch(url, post)).text()).toBe('ok');
    // One, or two where the next request came before the first connection was free again.
    expect(connections()).toBeLessThanOrEqual(2);
  });

  test('follows no redirect', async () => {
    let asked = 0;
    const { fetch, url } = await serve((request, response) => {
      asked += 1;
      response.writeHead(307, { location: `${request.url}elsewhere` }).end();
    });
    const response = await fetch(url, post);
    expect(response.status).toBe(307);
    await response.text();
    expect(asked).toBe(1);
  });

  test('refuses an answer that does not end', async () => {
    const { fetch, url } = await serve((_, response) => {
      const chunk = Buffer.alloc(256 * 1024);
      const more = () => {
        if (!response.destroyed) response.write(chunk, more);
      };
      more();
    });
    const response = await fetch(url, post);
    await expect(response.text()).rejects.toMatchObject({ code: 'UND_ERR_RES_EXCEEDED_MAX_SIZE' });
  });

  test('gives pieces as they arrive, before the answer ends', async () => {
    const { fetch, url } = await serve((_, response) => response.write('first'));
    const response = await fetch(url, post);
    for await (const chunk of chunksOf(response)) {
      expect(Buffer.from(chunk).toString()).toBe('first');
      break;
    }
  });

  test('ends the connection when the signal aborts', async () => {
    const closed = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const { fetch, url } = await serve((request) => {
      arrived.resolve();
      request.socket.once('close', () => closed.resolve());
    });
    const stop = new AbortController();
    const response = fetch(url, { ...post, signal: stop.signal });
    await arrived.promise;
    stop.abort();
    await expect(response).rejects.toMatchObject({ name: 'AbortError' });
    await closed.promise;
  });

  test.each(['http://example.com/', 'http://10.0.0.1/', 'file:///etc/passwd', 'https://a:b@127.0.0.1/'])(
    'sends nothing to %s',
    async (url) => {
      const { fetch } = await serve(() => {});
      await expect(fetch(url, post)).rejects.toMatchObject({ code: 'config_invalid' });
    },
  );

  test.each([
    'https://127.0.0.1/v1',
    'http://127.0.0.1:1/v1',
    'http://localhost/v1',
    'https://169.254.169.254/v1',
    'https://models.example/v1',
  ])('sends nothing to %s, which is no address of a provider', async (url) => {
    const { fetch } = await serve(() => {});
    await expect(fetch(url, post)).rejects.toMatchObject({ reason: 'host_not_allowed', sent: false });
  });

  test('sends nothing to a provider whose address nobody can mean', async () => {
    const to = 'https://169.254.169.254';
    const transport = createTransport({ to: [to] });
    closers.push(transport.close);
    await expect(transport.fetch(to, post)).rejects.toMatchObject({ reason: 'address_forbidden' });
  });

  test('sends bytes only', async () => {
    const { fetch, url } = await serve(() => {});
    await expect(fetch(url, { method: 'POST', body: 'text' })).rejects.toMatchObject({ code: 'bug' });
  });
});
