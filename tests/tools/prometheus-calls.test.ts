import { expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { createPrometheus } from '#tools/drivers/prometheus.ts';
import { type Heard, loopback, never, type Reply } from './loopback.ts';

const to = 1_700_000_040_000;
const from = to - 120_000;

function calls(url: string) {
  const driver = createPrometheus({ url, token: () => 'sesame', timeoutMs: 500 }, realClock);
  if (driver.calls === undefined) throw new Error('it knows of calls');
  return driver.calls({ from, to }, never);
}

type Row = { client: string; server: string; values: [number, string][] };
const matrix = (...rows: Row[]): Reply => ({
  body: {
    status: 'success',
    data: {
      resultType: 'matrix',
      result: rows.map(({ values, ...metric }) => ({ metric, values })),
    },
  },
});
const minutes = (...values: string[]): [number, string][] =>
  values.map((value, i) => [1_699_999_980 + 60 * i, value]);
const sideOf = ({ query }: Heard): 'count' | 'client' | 'server' => {
  const asked = query.get('query') ?? '';
  return asked.startsWith('60 *') ? 'count' : asked.includes('client_seconds_sum') ? 'client' : 'server';
};

test('the service graph of traces becomes what calls took on both sides, minute by minute', async () => {
  const pair = { client: 'web', server: 'pay' };
  const { url, heard } = await loopback((asked) => {
    const side = sideOf(asked);
    if (side === 'count') return matrix({ ...pair, values: minutes('30', '12') });
    return matrix({ ...pair, values: side === 'client' ? minutes('18', '240') : minutes('11', 'NaN') });
  });
  expect(await calls(url)).toEqual({
    kind: 'seen',
    value: [{ at: 1_699_999_980_000, caller: 'web', callee: 'pay', count: 30, clientMs: 18, serverMs: 11 }],
  });
  expect(heard.map(({ token }) => token)).toEqual(Array(3).fill('Bearer sesame'));
  expect(heard.map(({ query }) => query.get('query')).sort()).toEqual([
    '1000 * sum by (client, server) (rate(traces_service_graph_request_client_seconds_sum[60000ms])) / sum by (client, server) (rate(traces_service_graph_request_client_seconds_count[60000ms]))',
    '1000 * sum by (client, server) (rate(traces_service_graph_request_server_seconds_sum[60000ms])) / sum by (client, server) (rate(traces_service_graph_request_server_seconds_count[60000ms]))',
    '60 * sum by (client, server) (rate(traces_service_graph_request_client_seconds_count[60000ms]))',
  ]);
  for (const { query } of heard) {
    expect(Number(query.get('start')) % 60).toBe(0);
    expect(query.get('step')).toBe('60');
  }
});

test.each<[string, Reply, string]>([
  ['no such metrics', matrix(), 'no_data'],
  [
    'an answer of another shape',
    { body: { status: 'success', data: { resultType: 'vector' } } },
    'bad_answer',
  ],
  ['no JSON', { body: 'oops' }, 'bad_answer'],
  ['a refusal', { status: 403 }, 'refused'],
  ['a reset', 'reset', 'unreachable'],
  ['silence', 'hang', 'timeout'],
  [
    'more pairs than any system has',
    matrix(...Array.from({ length: 501 }, (_, i) => ({ client: `c${i}`, server: 's', values: [] }))),
    'too_large',
  ],
])('%s is a gap', async (_name, reply, reason) => {
  const { url } = await loopback(() => reply);
  expect(await calls(url)).toMatchObject({ kind: 'gap', reason });
});
