import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { createGuard } from '#tools/drivers/breaker.ts';
import { createGitHub } from '#tools/drivers/github/github.ts';
import { guardCode, guardLogs, guardMetrics, guardPostgres, guardWorkload } from '#tools/drivers/guarded.ts';
import { createLoki } from '#tools/drivers/loki.ts';
import { createPostgres } from '#tools/drivers/postgres.ts';
import { createProcessDriver } from '#tools/drivers/process.ts';
import { createPrometheus } from '#tools/drivers/prometheus.ts';
import type { Seen } from '#tools/drivers/seen.ts';
import { standardSignals } from '#tools/drivers/standard-signals.ts';
import { aService } from './a-service.ts';
import { loopback, type Reply } from './loopback.ts';

const TIMEOUT_MS = 300;
const now = 1_700_000_060_000;
type Look = (url: string, signal: AbortSignal) => Promise<Seen<unknown>>;
const guard = () => createGuard({ name: 'it', capMs: 1500 }, realClock);
const service = aService({ loki: 'main' });
const metrics = (url: string) =>
  guardMetrics(
    createPrometheus(
      { url, timeoutMs: TIMEOUT_MS, allowed: { metrics: ['up'], maxRangeMs: 3_600_000 } },
      realClock,
    ),
    guard(),
    guard(),
  );
const process = (url: string) =>
  guardWorkload(
    createProcessDriver({ url, token: () => 'x', readTimeoutMs: TIMEOUT_MS }, realClock),
    guard(),
  );

const repo = { repo: 'shop/checkout' };
const code = (url: string) =>
  guardCode(createGitHub({ url, token: () => 'x', timeoutMs: TIMEOUT_MS }, realClock), guard());

/** Every look that a driver takes over HTTP. */
const looks: readonly (readonly [string, Look])[] = [
  [
    'a signal of Prometheus',
    (url, signal) =>
      metrics(url).series(
        {
          ...{ service, signal: 'request_rate', source: standardSignals.request_rate },
          ...{ from: now - 60_000, to: now, stepMs: 15_000 },
        },
        signal,
      ),
  ],
  [
    'an expression for Prometheus',
    (url, signal) =>
      metrics(url).promql?.(
        { service, expression: 'up{service="checkout"}', from: now - 60_000, to: now, stepMs: 5000 },
        signal,
      ) ?? Promise.reject(new Error('takes no expressions')),
  ],
  [
    'log lines of Loki',
    (url, signal) =>
      guardLogs(createLoki({ url, label: 'app', timeoutMs: TIMEOUT_MS }, realClock), guard()).search(
        { service, level: 'error', from: now - 60_000, limit: 100 },
        signal,
      ),
  ],
  ['the state of a workload', (url, signal) => process(url).describe(service, signal)],
  ['what was merged', (url, signal) => code(url).merged({ ...repo, from: 0, to: now }, signal)],
  ['the history of a workload', (url, signal) => process(url).deployments(service, signal)],
];

const DEEP = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
const bad: readonly (readonly [string, Reply, RegExp])[] = [
  ['silence', 'hang', /^timeout$/],
  ['a broken connection', 'reset', /^unreachable$/],
  ['a refusal', { status: 403, body: 'no' }, /^refused$/],
  ['a failure', { status: 500, body: 'oops' }, /^bad_answer$/],
  ['a page for people', { body: '<html>hello</html>' }, /^bad_answer$/],
  ['nothing', { body: '' }, /^bad_answer$/],
  [
    'JSON of another kind',
    { body: { status: 'success', data: { resultType: 'strange', result: 7 } } },
    /^bad_answer$/,
  ],
  ['JSON that is far too deep', { body: DEEP }, /^bad_answer$/],
  ['far too much', { body: 'x'.repeat(5 * 1024 * 1024) }, /^too_large$/],
  [
    'a way elsewhere',
    { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
    /^(unreachable|bad_answer)$/,
  ],
  [
    'figures that contradict themselves',
    {
      body: {
        status: 'success',
        data: { resultType: 'matrix', result: [{ metric: {}, values: [['x', 1]] }] },
      },
    },
    /^bad_answer$/,
  ],
];
const matrix = looks.flatMap(([what, look]) =>
  bad.map(([how, reply, reason]) => ({ what, look, how, reply, reason })),
);

test.each(matrix)(
  '$what: $how is a gap, and neither evidence nor a crash',
  async ({ look, reply, reason }) => {
    const { url } = await loopback(() => reply);
    const seen = await look(url, new AbortController().signal);
    expect(seen).toMatchObject({ kind: 'gap', reason: expect.stringMatching(reason) });
    if (seen.kind === 'gap') expect(seen.detail.length).toBeLessThan(300);
  },
);

test.each(looks)('%s: a server that is not there is a gap', async (_, look) => {
  const { url, close } = await loopback(() => ({}));
  await close();
  expect(await look(url, new AbortController().signal)).toMatchObject({ kind: 'gap', reason: 'unreachable' });
});

test.each(looks)('%s: a caller that stops is not kept waiting', async (_, look) => {
  const { url } = await loopback(() => 'hang');
  const stop = new AbortController();
  const seen = look(url, stop.signal);
  stop.abort();
  expect(await seen).toMatchObject({ kind: 'gap', reason: 'timeout' });
});

/** A server that greets each connection with these bytes, if any, and never says more; `open` counts its connections. */
async function raw(bytes: string | null): Promise<{ port: number; open: () => number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.resume();
    if (bytes !== null) socket.write(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, open: () => sockets.size };
}
const database = (port: number) =>
  guardPostgres(
    createPostgres({
      ...{ host: '127.0.0.1', port, database: 'shop', user: 'watcher', tls: false },
      timeoutMs: TIMEOUT_MS,
    }),
    guard(),
  );

test.each([
  ['silence', null, /^timeout$/],
  ['what is no PostgreSQL', 'HTTP/1.1 400 Bad Request\r\n\r\n', /^(timeout|bad_answer|unreachable)$/],
  ['random bytes', 'Z\u0000\u0000\u0000\u0005IR\u0000\u0000', /^(timeout|bad_answer|unreachable)$/],
])('a database that answers with %s is a gap, and no connection is left', async (_, bytes, reason) => {
  const { port, open } = await raw(bytes);
  for (const look of ['activity', 'locks', 'replication', 'sizes'] as const)
    expect(await database(port)[look](new AbortController().signal)).toMatchObject({
      kind: 'gap',
      reason: expect.stringMatching(reason),
    });
  await expect.poll(open, { timeout: 2000 }).toBe(0);
});

test('a database that is not there is a gap', async () => {
  expect(await database(1).locks(new AbortController().signal)).toMatchObject({
    kind: 'gap',
    reason: 'unreachable',
  });
});
