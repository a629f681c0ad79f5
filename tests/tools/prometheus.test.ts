import { expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import type { SignalSource } from '#incidents/inventory.ts';
import { createPrometheus, promql } from '#tools/drivers/prometheus.ts';
import { standardSignals } from '#tools/drivers/standard-signals.ts';
import { aService } from './a-service.ts';
import { loopback, never, type Reply } from './loopback.ts';

const settings = { url: 'http://unused', select: { job: '$service', env: 'prod' } };
const to = 1_700_000_060_000;

function query(url: string, source: SignalSource = standardSignals.request_rate) {
  const driver = createPrometheus({ url, token: () => 'sesame', timeoutMs: 500 }, realClock);
  return driver.series(
    { service: aService(), signal: 'request_rate', source, from: to - 60_000, to, stepMs: 500 },
    never,
  );
}
const matrix = (...values: [number, string][]): Reply => ({
  body: {
    status: 'success',
    data: { resultType: 'matrix', result: values.length === 0 ? [] : [{ metric: {}, values }] },
  },
});

test.each([
  [
    'error_ratio',
    '(sum(rate(http_requests_total{job="checkout",env="prod",code=~"5.."}[60000ms])) or (0 * sum(rate(http_requests_total{job="checkout",env="prod"}[60000ms])))) / sum(rate(http_requests_total{job="checkout",env="prod"}[60000ms]))',
  ],
  ['request_rate', 'sum(rate(http_requests_total{job="checkout",env="prod"}[60000ms]))'],
  [
    'latency_p95',
    '1000 * histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{job="checkout",env="prod"}[60000ms])))',
  ],
  [
    'saturation',
    'sum(http_requests_in_flight{job="checkout",env="prod"}) / sum(http_pool_size{job="checkout",env="prod"})',
  ],
  [
    'memory_use',
    'max(process_resident_memory_bytes{job="checkout",env="prod"} / process_memory_limit_bytes{job="checkout",env="prod"})',
  ],
  ['instances_up', 'sum(up{job="checkout",env="prod"})'],
] as const)('%s becomes PromQL', (signal, expected) => {
  expect(promql(settings, aService(), standardSignals[signal])).toBe(expected);
});

test('names and values cannot break out of their place in the query', () => {
  const service = aService({ workload: { driver: 'p', name: 'a"} or vector(1) #\\\n' } });
  expect(promql({ url: '' }, service, { kind: 'up' })).toBe('sum(up{service="a\\"} or vector(1) #\\\\\\n"})');
  expect(promql({ url: '' }, service, { kind: 'rate', of: { metric: 'a{b="c"} or x' } })).toBeUndefined();
  expect(
    promql({ url: '' }, service, { kind: 'rate', of: { metric: 'a', where: { 'b=~"x",c': 'd' } } }),
  ).toBeUndefined();
});

test('values come back on an even grid with null where nothing was measured', async () => {
  const { url, heard } = await loopback(() =>
    matrix([1_700_000_000, '1'], [1_700_000_015, 'NaN'], [1_700_000_060, '2.5']),
  );
  expect(await query(url)).toEqual({
    kind: 'seen',
    value: { t: [0, 15, 30, 45, 60].map((s) => to - 60_000 + s * 1000), v: [1, null, null, null, 2.5] },
  });
  expect(heard[0]?.token).toBe('Bearer sesame');
  expect(heard[0]?.query.get('step')).toBe('15');
});

test.each<[string, Reply, string]>([
  ['no series', matrix(), 'no_data'],
  ['only NaN', matrix([1_700_000_000, 'NaN']), 'no_data'],
  ['an error of the server', { status: 422, body: { status: 'error', error: 'bad' } }, 'bad_answer'],
  ['a wrong token', { status: 401 }, 'refused'],
  ['something else', { body: '<html>' }, 'bad_answer'],
  ['silence', 'hang', 'timeout'],
  ['a broken connection', 'reset', 'unreachable'],
])('%s is a gap', async (_, reply, reason) => {
  const { url } = await loopback(() => reply);
  expect(await query(url)).toMatchObject({ kind: 'gap', reason });
});
