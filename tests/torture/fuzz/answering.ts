import { once } from 'node:events';
import { createServer } from 'node:http';

/** A loopback HTTP server that answers everything with the same bytes, until it is given others. */
export type Answering = { readonly url: string; give(body: Uint8Array): void; close(): Promise<void> };

export async function answering(): Promise<Answering> {
  let body: Uint8Array = new Uint8Array();
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    give: (next) => {
      body = next;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
