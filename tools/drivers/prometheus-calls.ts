import { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import { numberOf } from './exposition.ts';
import { askHttp, gapOf, gapOfStatus, type Send } from './http-text.ts';
import type { CallsQuery, CallTimes, Gap, Seen } from './ports.ts';

/**
 * Metrics that a collector makes of traces, one histogram per pair of services on each side of the call: the service graph
 * of OpenTelemetry's `servicegraph` connector and of Tempo, with the labels `client` and `server`.
 */
const METRIC = 'traces_service_graph_request';
const PAIR = 'client, server';
const STEP_MS = 60_000;
const MAX_PAIRS = 500;

const Answer = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('matrix'),
    result: z.array(
      z.object({
        metric: z.object({ client: z.string().max(200), server: z.string().max(200) }),
        values: z.array(z.tuple([z.number(), z.string()])).max(1500),
      }),
    ),
  }),
});
/** Where it is, without a path. */
type Server = {
  readonly url: string;
  readonly send: Send;
  readonly token?: () => string;
  /** Window of rates; at least twice the scrape interval. Default one minute. */
  readonly rateMs?: number;
  readonly timeoutMs?: number;
};
type Figures = ReadonlyMap<string, { caller: string; callee: string; at: number; value: number }>;

/** What calls between services took a minute, on both sides. Gap `no_data` where no collector makes these metrics. */
export async function readCallTimes(
  server: Server,
  query: CallsQuery & { readonly clock: Clock },
  signal: AbortSignal,
): Promise<Seen<readonly CallTimes[]>> {
  const window = `[${server.rateMs ?? STEP_MS}ms]`;
  const rate = (name: string): string => `sum by (${PAIR}) (rate(${METRIC}_${name}${window}))`;
  const mean = (side: 'client' | 'server'): string =>
    `1000 * ${rate(`${side}_seconds_sum`)} / ${rate(`${side}_seconds_count`)}`;
  const [counts, client, served] = await Promise.all([
    figures(server, { ...query, expression: `${STEP_MS / 1000} * ${rate('client_seconds_count')}` }, signal),
    figures(server, { ...query, expression: mean('client') }, signal),
    figures(server, { ...query, expression: mean('server') }, signal),
  ]);
  if (counts.kind === 'gap') return counts;
  if (client.kind === 'gap') return client;
  if (served.kind === 'gap') return served;
  const rows = [...counts.value].flatMap(([key, { caller, callee, at, value: count }]): CallTimes[] => {
    const clientMs = client.value.get(key)?.value;
    const serverMs = served.value.get(key)?.value;
    return clientMs === undefined || serverMs === undefined
      ? []
      : [{ at, caller, callee, count, clientMs, serverMs }];
  });
  return rows.length === 0 ? gap('no_data', 'no calls were seen') : { kind: 'seen', value: rows };
}

async function figures(
  { url, send, token, timeoutMs = 5000 }: Server,
  { from, to, clock, expression }: CallsQuery & { clock: Clock; expression: string },
  signal: AbortSignal,
): Promise<Seen<Figures>> {
  const start = Math.ceil(from / STEP_MS) * STEP_MS;
  const range = { start: String(start / 1000), end: String(to / 1000), step: String(STEP_MS / 1000) };
  const params = new URLSearchParams({ query: expression, ...range });
  const ask = { url: `${url.replace(/\/$/, '')}/api/v1/query_range?${params}`, token, timeoutMs, send };
  const answer = await askHttp(ask, clock, signal);
  if (answer.kind === 'no_answer') return gapOf(answer);
  return answer.status === 200 ? figuresOf(answer.text) : gapOfStatus(answer);
}

function figuresOf(text: string): Seen<Figures> {
  const parsed = parse(text);
  if (parsed === null) return gap('bad_answer', 'not calls between services');
  if (parsed.data.result.length > MAX_PAIRS)
    return gap('too_large', `more than ${MAX_PAIRS} pairs of services`);
  const found = new Map<string, { caller: string; callee: string; at: number; value: number }>();
  for (const { metric, values } of parsed.data.result) {
    for (const [seconds, written] of values) {
      const value = numberOf(written);
      if (value === undefined || !Number.isFinite(value)) continue;
      const at = seconds * 1000;
      const key = JSON.stringify([metric.client, metric.server, at]);
      found.set(key, { caller: metric.client, callee: metric.server, at, value });
    }
  }
  return { kind: 'seen', value: found };
}

function parse(text: string): z.infer<typeof Answer> | null {
  try {
    return Answer.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

const gap = (reason: Gap['reason'], detail: string): Gap => ({ kind: 'gap', reason, detail });
