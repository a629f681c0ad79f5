import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';

export type Seen = { method: string; path: string; authorization: string | undefined; body: string };
export type FakeServer = AsyncDisposable & { readonly url: string; readonly seen: Seen[] };

/** What the fake server says to a request; a text is sent as it is, `null` leaves the caller without an answer. */
export type Says = (request: Seen) => { status?: number; body: unknown } | null;

/** A small HTTP server on this machine that writes its address into a data directory, as the real one does. */
export async function aServer(dataDir: string, says: Says): Promise<FakeServer> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    void textOf(request).then((body) => {
      const one = {
        method: request.method ?? '',
        path: request.url ?? '',
        authorization: request.headers.authorization,
        body,
      };
      seen.push(one);
      const answer = says(one);
      if (answer === null) return;
      response
        .writeHead(answer.status ?? 200)
        .end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  writeServerFile(dataDir, url);
  return {
    url,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function writeServerFile(dataDir: string, url: string, pid = 4121): void {
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(join(dataDir, 'server.json'), JSON.stringify({ url, pid, startedAt: 0, version: '0.1.0' }));
}

async function textOf(request: IncomingMessage): Promise<string> {
  return Buffer.concat(await request.toArray()).toString('utf8');
}
