import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export type Heard = {
  method: string;
  path: string;
  query: URLSearchParams;
  token: string | undefined;
  body: unknown;
};
export type Reply =
  | { status?: number; body?: string | object; headers?: Record<string, string> }
  | 'hang'
  | 'reset';

/** A loopback HTTP server for one test; `answer` decides per request, `heard` is what arrived. */
export async function loopback(
  answer: (heard: Heard) => Reply,
): Promise<{ url: string; heard: Heard[]; close: () => Promise<void> }> {
  const heard: Heard[] = [];
  const server = createServer((request, response) => void handle(request, response));
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const raw = await text(request);
    const asked: Heard = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      token: request.headers.authorization,
      body: raw === '' ? undefined : JSON.parse(raw),
    };
    heard.push(asked);
    const reply = answer(asked);
    if (reply === 'hang') return;
    if (reply === 'reset') return void request.socket.destroy();
    const { status = 200, body = '', headers = {} } = reply;
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  onTestFinished(close);
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, heard, close };
}

export const never = new AbortController().signal;
