import { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import type { Service } from '#incidents/inventory.ts';
import { numberOf } from './exposition.ts';
import { askHttp, gapOf, gapOfStatus, type Send, shortForeign } from './http-text.ts';
import type { Gap, LabelledSeries, PromqlQuery, Seen } from './ports.ts';
import { checkPromql, type PromqlRules } from './promql-check.ts';

/** What an expression that somebody wrote may read. */
export type PromqlAllowed = Pick<PromqlRules, 'metrics' | 'maxRangeMs'>;

type Server = {
  /** Without a path. */
  readonly url: string;
  readonly send: Send;
  readonly token?: () => string;
  readonly select?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly allowed: PromqlAllowed;
  readonly clock: Clock;
};
const MAX_SERIES = 50;
const MAX_POINTS = 240;

const Labels = z.record(z.string().max(200), z.string().max(2000));
const Point = z.tuple([z.number(), z.string()]);
const Answer = z.object({
  status: z.literal('success'),
  data: z.union([
    z.object({
      resultType: z.literal('matrix'),
      result: z.array(z.object({ metric: Labels, values: z.array(Point).max(MAX_POINTS + 1) })),
    }),
    z.object({
      resultType: z.literal('vector'),
      result: z.array(z.object({ metric: Labels, value: Point })),
    }),
    z.object({ resultType: z.literal('scalar'), result: Point }),
  ]),
});
type Answer = z.infer<typeof Answer>;

/**
 * Asks a Prometheus server what an expression gives, after it was checked: every selector must read an allowed metric of
 * the service that the query is about. More than 50 series are a gap, not a part of them. Never throws.
 */
export async function askPromql(
  settings: Server,
  query: PromqlQuery,
  signal: AbortSignal,
): Promise<Seen<readonly LabelledSeries[]>> {
  const { url, send, token, timeoutMs = 5000, allowed, clock } = settings;
  // Loaded with the first expression: most runs never see one.
  const { parser } = await import('@prometheus-io/lezer-promql');
  const rules = { ...allowed, scope: scopeOf(settings, query.service) };
  const verdict = checkPromql(parser, query.expression, rules);
  if (verdict.kind === 'refused') return gap('refused', verdict.detail);
  if (query.to - query.from > allowed.maxRangeMs) return gap('refused', 'the time is longer than allowed');
  const ask = { url: `${url.replace(/\/$/, '')}/api/v1/${pathOf(query)}`, token, timeoutMs, send };
  const answer = await askHttp(ask, clock, signal);
  if (answer.kind === 'no_answer') return gapOf(answer);
  return answer.status === 200 ? seriesOf(answer.text) : gapOfStatus(answer);
}

/** What each selector must carry: the label of the service, or of the namespace that it runs in. */
function scopeOf({ select }: Server, service: Service): PromqlRules['scope'] {
  const name = service.workload?.name ?? service.id;
  const labels = Object.entries(select ?? { service: '$service' })
    .filter(([, value]) => value.includes('$service'))
    .map(([label, value]) => ({ label, value: value.replaceAll('$service', name) }));
  const namespace = service.cluster?.namespace;
  return namespace === undefined ? labels : [...labels, { label: 'namespace', value: namespace }];
}

function pathOf({ expression, from, to, stepMs }: PromqlQuery): string {
  if (from >= to) return `query?${new URLSearchParams({ query: expression, time: String(to / 1000) })}`;
  const step = Math.max(stepMs, Math.ceil((to - from) / MAX_POINTS));
  const params = { query: expression, start: String(from / 1000), end: String(to / 1000) };
  return `query_range?${new URLSearchParams({ ...params, step: String(step / 1000) })}`;
}

function seriesOf(text: string): Seen<readonly LabelledSeries[]> {
  const parsed = parse(text);
  if (typeof parsed === 'string') return gap('bad_answer', shortForeign(parsed));
  const rows = rowsOf(parsed);
  if (rows.length > MAX_SERIES) return gap('too_large', `more than ${MAX_SERIES} series; sum or topk them`);
  if (rows.length === 0) return gap('no_data', 'no series match');
  const value = rows.map(({ labels, points }) => ({
    labels,
    series: { t: points.map(([at]) => Math.round(at * 1000)), v: points.map(([, v]) => finite(v)) },
  }));
  return { kind: 'seen', value };
}

type Row = { labels: z.infer<typeof Labels>; points: readonly z.infer<typeof Point>[] };

function rowsOf({ data }: Answer): Row[] {
  switch (data.resultType) {
    case 'matrix':
      return data.result.map(({ metric, values }) => ({ labels: metric, points: values }));
    case 'vector':
      return data.result.map(({ metric, value }) => ({ labels: metric, points: [value] }));
    case 'scalar':
      return [{ labels: {}, points: [data.result] }];
  }
}

function finite(written: string): number | null {
  const value = numberOf(written);
  return value !== undefined && Number.isFinite(value) ? value : null;
}

function parse(text: string): Answer | string {
  try {
    const result = Answer.safeParse(JSON.parse(text));
    return result.success ? result.data : z.prettifyError(result.error);
  } catch {
    return 'not JSON';
  }
}

function gap(reason: Gap['reason'], detail: string): Gap {
  return { kind: 'gap', reason, detail };
}
