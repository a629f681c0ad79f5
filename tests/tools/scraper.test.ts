import { createServer } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { SignalName } from '#incidents/vocabulary.ts';
import { createScraper, type Scraper, type ScraperSettings } from '#tools/drivers/scraper.ts';
import { standardSignals } from '#tools/drivers/standard-signals.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { takeRefusals } from '../network.ts';
import { aService } from './a-service.ts';
import { type Heard, loopback, never, type Reply } from './loopback.ts';

const sources = Object.values(standardSignals);
type Counters = { ok: number; bad: number; inFlight: number; memory: number };

function exposed({ ok, bad, inFlight, memory }: Counters): string {
  const all = ok + bad;
  return [
    `http_requests_total{code="200"} ${ok}`,
    ...(bad > 0 ? [`http_requests_total{code="503"} ${bad}`] : []),
    `http_request_duration_seconds_bucket{le="0.05"} ${all * 0.9}`,
    `http_request_duration_seconds_bucket{le="0.1"} ${all}`,
    `http_request_duration_seconds_bucket{le="+Inf"} ${all}`,
    `http_requests_in_flight ${inFlight}`,
    'http_pool_size 10',
    `process_resident_memory_bytes ${memory}`,
    'process_memory_limit_bytes 100',
    'something_else{with="many",labels="x"} 1',
  ].join('\n');
}

/** Starts a scraper whose rounds are driven by the test: one call, one round, all answers in. */
function driven(settings: Partial<ScraperSettings>) {
  const clock = new FakeClock();
  const scraper = createScraper({ everyMs: 500, keepMs: 60_000, sources, ...settings }, clock);
  onTestFinished(() => scraper.stop());
  let started = false;
  const round = async (): Promise<void> => {
    if (started) await clock.advance(500);
    else scraper.start();
    started = true;
    // Every request holds a timer until it is answered; then only that of the next round is left.
    do await nextTurn();
    while (clock.waiting > 1);
    await nextTurn();
  };
  const latest = async (signal: SignalName): Promise<number | null | undefined> => {
    const seen = await read(scraper, clock, signal);
    return seen.kind === 'gap' ? undefined : seen.value.v.at(-1);
  };
  return { clock, scraper, round, latest };
}

function read(scraper: Scraper, clock: FakeClock, signal: SignalName) {
  const now = clock.now();
  const query = {
    service: aService(),
    signal,
    source: standardSignals[signal],
    from: now - 60_000,
    to: now,
    stepMs: 500,
  };
  return scraper.series(query, never);
}

async function twoInstances() {
  const counters: Counters[] = [
    { ok: 0, bad: 0, inFlight: 1, memory: 30 },
    { ok: 0, bad: 0, inFlight: 3, memory: 60 },
  ];
  const servers = await Promise.all(counters.map((counter) => loopback(() => ({ body: exposed(counter) }))));
  const targets = servers.map(({ url }) => ({ service: 'checkout', url: `${url}/metrics` }));
  const grow = (index: number, by: Partial<Counters>): void => {
    const counter = counters[index];
    if (!counter) throw new Error('no such instance');
    counter.ok += by.ok ?? 0;
    counter.bad += by.bad ?? 0;
  };
  return { counters, servers, targets, grow };
}

test('computes every signal over all instances of a service', async () => {
  const { targets, grow } = await twoInstances();
  const { round, latest } = driven({ targets });
  for (let n = 0; n < 4; n += 1) {
    await round();
    grow(0, { ok: 20 });
    grow(1, { ok: 15, bad: 5 });
  }
  expect(await latest('request_rate')).toBeCloseTo(80);
  expect(await latest('error_ratio')).toBeCloseTo(0.125);
  expect(await latest('latency_p95')).toBeCloseTo(75);
  expect(await latest('saturation')).toBeCloseTo(0.2);
  expect(await latest('memory_use')).toBeCloseTo(0.6);
  expect(await latest('instances_up')).toBe(2);
});

test('no error series yet means no errors, not an unknown ratio', async () => {
  const { targets, grow } = await twoInstances();
  const { round, latest } = driven({ targets });
  await round();
  grow(0, { ok: 20 });
  await round();
  expect(await latest('error_ratio')).toBe(0);
});

test('a restarted instance counts from zero and makes no negative rate', async () => {
  const { counters, targets, grow } = await twoInstances();
  const { round, latest } = driven({ targets });
  grow(0, { ok: 1000 });
  await round();
  counters[0] = Object.assign(counters[0] ?? {}, { ok: 10, bad: 0, inFlight: 1, memory: 30 });
  await round();
  expect(await latest('request_rate')).toBeCloseTo(20);
});

test('a listed target that refuses the connection is down, and the rest goes on', async () => {
  const { servers, targets, grow } = await twoInstances();
  const { round, latest } = driven({ targets });
  await round();
  await servers[1]?.close();
  grow(0, { ok: 20 });
  await round();
  expect(await latest('instances_up')).toBe(1);
  expect(await latest('request_rate')).toBeCloseTo(40);
  await round();
  await servers[0]?.close();
});

test('follows discovery with a token: new targets are scraped, gone ones forgotten when they are old', async () => {
  const { targets } = await twoInstances();
  let listed = targets.slice(0, 1);
  const groups = (): Reply => ({
    body: listed.map(({ url, service }) => ({
      targets: [new URL(url).host],
      labels: { service, instance: 'i' },
    })),
  });
  const sd = await loopback((heard: Heard) => (heard.token === 'Bearer sesame' ? groups() : { status: 401 }));
  const discover = { url: `${sd.url}/v1/targets`, token: () => 'sesame' };
  const { round, latest } = driven({ discover });
  await round();
  expect(await latest('instances_up')).toBe(1);
  listed = targets;
  await round();
  await round();
  expect(await latest('instances_up')).toBe(2);
  listed = targets.slice(1);
  for (let n = 0; n < 6; n += 1) await round();
  expect(await latest('instances_up')).toBe(1);
});

test('a discovery that fails is the reason of the gap', async () => {
  const sd = await loopback(() => ({ status: 401, body: 'who are you' }));
  const { clock, scraper, round } = driven({ discover: { url: sd.url } });
  await round();
  expect(await read(scraper, clock, 'error_ratio')).toMatchObject({ kind: 'gap', reason: 'refused' });
});

test('a list of targets leads to no host but its own and those of the config; who is not asked is not down', async () => {
  const { targets } = await twoInstances();
  const own = targets.map(({ url }) => new URL(url).host);
  let listed: string[] = [];
  const sd = await loopback(() => ({ body: [{ targets: listed, labels: { service: 'checkout' } }] }));
  const discover = { url: sd.url };
  const { clock, scraper, round, latest } = driven({ discover });
  listed = ['169.254.169.254:80', '10.0.0.9:9100', 'metadata.evil.example:80'];
  await round();
  expect(await read(scraper, clock, 'error_ratio')).toMatchObject({
    ...{
      kind: 'gap',
      reason: 'refused',
      detail: expect.stringContaining('not among the addresses of the config'),
    },
  });
  listed = [...own, '10.0.0.9:9100'];
  await round();
  await round();
  expect(await latest('instances_up')).toBe(2);
  expect(takeRefusals()).toEqual([]);
});

test('a service without targets, and a signal that nobody exposes, are gaps', async () => {
  const server = await loopback(() => ({ body: 'up 1\n' }));
  const targets = [{ service: 'checkout', url: server.url }];
  const { clock, scraper, round } = driven({ targets });
  await round();
  expect(await read(scraper, clock, 'error_ratio')).toMatchObject({ kind: 'gap', reason: 'no_data' });
  const now = clock.now();
  const other = aService({ workload: { driver: 'process', name: 'other' } });
  const query = {
    service: other,
    signal: 'error_ratio',
    source: standardSignals.error_ratio,
    from: 0,
    to: now,
    stepMs: 500,
  } as const;
  expect(await scraper.series(query, never)).toMatchObject({ kind: 'gap', reason: 'no_data' });
});

test('stop ends requests that hang and starts no new round', async () => {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const clock = new FakeClock();
  const targets = [{ service: 'checkout', url: `http://127.0.0.1:${port}/metrics` }];
  const scraper = createScraper({ everyMs: 500, keepMs: 60_000, sources, targets }, clock);
  scraper.start();
  await clock.advance(100);
  await scraper.stop();
  expect(clock.waiting).toBe(0);
  server.closeAllConnections();
});

test('an unusable label matcher is refused when the scraper is made', () => {
  const source = { kind: 'rate', of: { metric: 'm', where: { code: '(' } } } as const;
  expect(() => createScraper({ everyMs: 500, keepMs: 1000, sources: [source] }, new FakeClock())).toThrow(
    'label matcher',
  );
});
