import { Agent, createServer, type RequestListener, request, type Server } from 'node:http';
import { FirebreakError } from '#core/errors.ts';

/** What came back: an HTTP answer, or why there was none. */
export type Reply =
  | { kind: 'answer'; code: number; body: string }
  | { kind: 'timeout' }
  | { kind: 'refused' };

export type Call = {
  port: number;
  path: string;
  timeoutMs: number;
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string;
};

const agent = new Agent({ keepAlive: true, maxSockets: 512 });

/** One loopback HTTP call over kept-alive sockets. Never throws; gives up after `timeoutMs`. */
export function call(options: Call): Promise<Reply> {
  return new Promise((resolve) => {
    const { port, path, timeoutMs, method = 'GET', headers = {}, body } = options;
    let late = false;
    const outgoing = request({ host: '127.0.0.1', port, path, method, agent, headers }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        text += chunk;
      });
      incoming.on('error', () => settle({ kind: late ? 'timeout' : 'refused' }));
      incoming.on('end', () => settle({ kind: 'answer', code: incoming.statusCode ?? 0, body: text }));
    });
    const timer = setTimeout(() => {
      late = true;
      outgoing.destroy();
      settle({ kind: 'timeout' });
    }, timeoutMs);
    const settle = (reply: Reply): void => {
      clearTimeout(timer);
      resolve(reply);
    };
    outgoing.on('error', () => settle({ kind: late ? 'timeout' : 'refused' }));
    outgoing.end(body);
  });
}

/** Starts a loopback server on a free port and returns it with that port. Throws when it cannot listen. */
export function listen(handler: RequestListener): Promise<{ server: Server; port: number }> {
  const server = createServer({ keepAliveTimeout: 60_000 }, handler);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', 256, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') {
        reject(new FirebreakError('bug', 'a TCP server has no port'));
      } else resolve({ server, port: address.port });
    });
  });
}

/** `/path?product=3` as a URL; the host is of no interest. */
export function urlOf(target: string | undefined): URL {
  return URL.parse(target ?? '/', 'http://127.0.0.1') ?? new URL('http://127.0.0.1/');
}
