import { expect, test } from 'vitest';
import { createLogsByService } from '#tools/drivers/logs-by-service.ts';
import { createLoki, logql } from '#tools/drivers/loki.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { aService } from './a-service.ts';
import { loopback, never } from './loopback.ts';

const clock = new FakeClock();
const from = clock.now() - 60_000;
const service = aService({ loki: 'main' });
const nanos = (ms: number): string => `${ms}000000`;
const streams = (...values: [string, string, ...unknown[]][]) => ({
  body: { status: 'success', data: { resultType: 'streams', result: [{ stream: { app: 'x' }, values }] } },
});

async function search(
  reply: ReturnType<typeof streams>,
  level: 'error' | 'warn' | 'any' = 'any',
  limit = 10,
) {
  const { url, heard } = await loopback(() => reply);
  const loki = createLoki({ url, label: 'app', token: () => 'sesame', tenant: 'shop' }, clock);
  return { heard, seen: await loki.search({ service, level, from, limit }, never) };
}

test('lines come with the time of the server, oldest first, and those of a lower level are left out', async () => {
  const { seen, heard } = await search(
    streams(
      [nanos(from + 2000), 'ERROR payment refused', { trace: 'x' }],
      [nanos(from + 1000), '{"level":50,"msg":"db gone"}'],
      [nanos(from + 3000), 'INFO nothing wrong with the errand'],
    ),
    'error',
  );
  expect(seen).toEqual({
    kind: 'seen',
    value: {
      lines: [
        { at: from + 1000, level: 'error', message: 'db gone' },
        { at: from + 2000, level: 'error', message: 'ERROR payment refused' },
      ],
      total: 2,
      truncated: false,
    },
  });
  expect(heard[0]).toMatchObject({ path: '/loki/api/v1/query_range', token: 'Bearer sesame' });
  expect(heard[0]?.query.get('start')).toBe(nanos(from));
});

test('the newest lines are kept, and that there are more is said', async () => {
  const { seen } = await search(
    streams(...Array.from({ length: 5 }, (_, n): [string, string] => [nanos(from + n), `line ${n}`])),
    'any',
    2,
  );
  expect(seen).toMatchObject({
    value: { lines: [{ message: 'line 3' }, { message: 'line 4' }], total: 5, truncated: true },
  });
});

test('the query holds the name of the service and nothing else from outside', () => {
  const odd = aService({ workload: { driver: 'p', name: 'a"} |= "b\\' } });
  expect(logql('app', { service: odd, level: 'any' })).toBe('{app="a\\"} |= \\"b\\\\"}');
  expect(logql('app', { service, level: 'error' })).toMatch(/^\{app="checkout"\} \|~ "\(\?i\)err\|/);
});

test('a service that names a log store is not looked up in files', async () => {
  const files = {
    search: () => Promise.resolve({ kind: 'gap', reason: 'no_data', detail: 'files' } as const),
  };
  const store = {
    search: () => Promise.resolve({ kind: 'gap', reason: 'no_data', detail: 'loki' } as const),
  };
  const logs = createLogsByService(files, new Map([['main', store]]));
  const query = { level: 'any', from, limit: 1 } as const;
  expect(await logs.search({ ...query, service }, never)).toMatchObject({ detail: 'loki' });
  expect(await logs.search({ ...query, service: aService() }, never)).toMatchObject({ detail: 'files' });
  expect(await logs.search({ ...query, service: aService({ loki: 'other' }) }, never)).toMatchObject({
    reason: 'not_configured',
  });
});
