import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '#core/clock.ts';
import { createPagerBook, STRANGER, type Trigger } from './incidents.ts';
import { type Asked, answerRest, type OnCall } from './rest.ts';
import { createWebhooks } from './webhooks.ts';

/** What goes wrong with every call until it is taken back. */
export type PagerFault =
  | { kind: 'down' }
  | { kind: 'limited'; retryAfterS: number }
  | { kind: 'error'; status: number }
  | { kind: 'silent' };
export type PagerCall = Pick<Asked, 'method' | 'path' | 'query' | 'body'> & {
  readonly at: number;
  readonly from: string | undefined;
  readonly status: number | null;
};
export type FakePagerDuty = Awaited<ReturnType<typeof startPagerDuty>>;

/** A PagerDuty on a loopback address: REST, Events v2, signed webhooks, faults on demand, and a journal of every call. */
export async function startPagerDuty(options: { clock: Clock; onCalls?: readonly OnCall[] }) {
  const { clock, onCalls = [] } = options;
  const [token, routingKey] = ['pd-rest-token', 'R0000000000000000000000000000000'];
  const book = createPagerBook(clock);
  const webhooks = createWebhooks(book);
  const journal: PagerCall[] = [];
  let fault: PagerFault | null = null;
  let times = 0;
  const server = createServer((request, response) => {
    void handle(request, response);
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = await readAsked(request);
    const { method, path, query, body } = asked;
    const now = takeFault();
    const answer =
      now === null
        ? await answerRest({ book, token, routingKey, onCalls, tell: webhooks.tell }, asked)
        : undefined;
    const status = answer?.status ?? statusOf(now);
    const from = typeof request.headers.from === 'string' ? request.headers.from : undefined;
    journal.push({ method, path, query, body, at: clock.now(), from, status });
    if (now?.kind === 'down') return void request.socket.destroy();
    if (now?.kind === 'silent' || status === null) return;
    const headers = now?.kind === 'limited' ? { 'retry-after': String(now.retryAfterS) } : {};
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(answer?.body ?? { error: { message: 'fault' } }));
  }

  function takeFault(): PagerFault | null {
    const now = fault;
    times -= 1;
    if (times <= 0) fault = null;
    return now;
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    ...{ token, routingKey, book, webhooks, journal: journal as readonly PagerCall[] },
    /** Every call fails so, or the next few do; null = all is well again. */
    fail: (next: PagerFault | null, count = Number.POSITIVE_INFINITY) => {
      fault = next;
      times = count;
    },
    /** Somebody's monitoring pages. */
    trigger: async (event: Trigger) => {
      const { incident, isNew } = book.trigger(event);
      if (isNew) await webhooks.tell('incident.triggered', incident);
      return incident;
    },
    /** A person, or the monitoring, changes it in PagerDuty itself. */
    move: async (id: string, status: 'acknowledged' | 'resolved', by: string = STRANGER) => {
      const incident = book.move(id, status, by);
      if (incident !== undefined) await webhooks.tell(`incident.${status}`, incident, by);
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

function statusOf(fault: PagerFault | null): number | null {
  if (fault?.kind === 'limited') return 429;
  return fault?.kind === 'error' ? fault.status : null;
}

async function readAsked(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString('utf8');
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: text === '' ? undefined : JSON.parse(text),
  };
}
