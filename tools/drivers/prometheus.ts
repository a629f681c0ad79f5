import { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import { wayTo } from '#core/egress.ts';
import { unreachable } from '#core/errors.ts';
import type { Selector, Service, SignalSource } from '#incidents/inventory.ts';
import { numberOf } from './exposition.ts';
import { askHttp, gapOf, gapOfStatus, shortForeign } from './http-text.ts';
import type { Gap, MetricsDriver, MetricsQuery, Seen, Series } from './ports.ts';
import { readCallTimes } from './prometheus-calls.ts';
import { askPromql, type PromqlAllowed } from './prometheus-promql.ts';

export type PrometheusSettings = {
  /** The server, without a path. */
  readonly url: string;
  readonly token?: () => string;
  /** Which labels pick out a service; `$service` stands for its name. Default `{service: '$service'}`. */
  readonly select?: Readonly<Record<string, string>>;
  /** Window of rates; at least twice the server's scrape interval. Default one minute. */
  readonly rateMs?: number;
  /** Finest step, the server's scrape interval. Default 15 s. */
  readonly stepMs?: number;
  readonly timeoutMs?: number;
  /** What an expression that a model wrote may read; left out = none is taken. */
  readonly allowed?: PromqlAllowed;
};

const Answer = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('matrix'),
    result: z.array(z.object({ values: z.array(z.tuple([z.number(), z.string()])).max(20_000) })).max(10),
  }),
});
const MAX_POINTS = 10_000;
const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Reads signals from a Prometheus server over its HTTP API. Never throws. */
export function createPrometheus(settings: PrometheusSettings, clock: Clock): MetricsDriver {
  const { url, token, timeoutMs = 5000, allowed } = settings;
  const send = wayTo(url);
  return {
    series: async (query, signal) => {
      const expression = promql(settings, query.service, query.source);
      if (expression === undefined)
        return { kind: 'gap', reason: 'not_configured', detail: 'not a metric or label name' };
      const grid = gridOf(query, settings.stepMs ?? 15_000);
      const params = new URLSearchParams({
        query: expression,
        start: String(grid.from / 1000),
        end: String(grid.to / 1000),
        step: String(grid.stepMs / 1000),
      });
      const ask = { url: `${url.replace(/\/$/, '')}/api/v1/query_range?${params}`, token, timeoutMs, send };
      const answer = await askHttp(ask, clock, signal);
      if (answer.kind === 'no_answer') return gapOf(answer);
      return answer.status === 200 ? onGrid(answer.text, grid) : gapOfStatus(answer);
    },
    calls: (query, signal) => readCallTimes({ ...settings, send }, { ...query, clock }, signal),
    ...(allowed && {
      promql: (query, signal) => askPromql({ ...settings, send, allowed, clock }, query, signal),
    }),
  };
}

type Grid = { from: number; to: number; stepMs: number };

function gridOf({ from, to, stepMs }: MetricsQuery, finest: number): Grid {
  const step = Math.max(stepMs, finest, Math.ceil((to - from) / MAX_POINTS));
  return { from: to - Math.floor((to - from) / step) * step, to, stepMs: step };
}

/** The query of a signal, or undefined for a name that is not one. */
export function promql(
  settings: PrometheusSettings,
  service: Service,
  source: SignalSource,
): string | undefined {
  const names = namesOf(source);
  if (!names.metrics.every((name) => METRIC.test(name)) || !names.labels.every((name) => LABEL.test(name)))
    return;
  const name = service.workload?.name ?? service.id;
  const equal = Object.entries(settings.select ?? { service: '$service' }).map(
    ([label, value]) => `${label}=${quoted(value.replaceAll('$service', name))}`,
  );
  const pick = ({ metric, where = {} }: Selector): string => {
    const matching = Object.entries(where).map(([label, pattern]) => `${label}=~${quoted(pattern)}`);
    return `${metric}{${[...equal, ...matching].join(',')}}`;
  };
  return expressionOf(source, pick, `${settings.rateMs ?? 60_000}ms`);
}

function namesOf(source: SignalSource): { metrics: string[]; labels: string[] } {
  const labelsOf = (...selectors: Selector[]): string[] =>
    selectors.flatMap(({ where }) => Object.keys(where ?? {}));
  switch (source.kind) {
    case 'ratio':
      return { metrics: [source.of.metric, source.to.metric], labels: labelsOf(source.of, source.to) };
    case 'rate':
      return { metrics: [source.of.metric], labels: labelsOf(source.of) };
    case 'quantile':
      return { metrics: [source.histogram], labels: [] };
    case 'gauge_ratio':
      return { metrics: [source.of, source.per], labels: [] };
    case 'up':
      return { metrics: [], labels: [] };
    default:
      return unreachable(source);
  }
}

function expressionOf(source: SignalSource, pick: (selector: Selector) => string, window: string): string {
  const rate = (selector: Selector): string => `sum(rate(${pick(selector)}[${window}]))`;
  switch (source.kind) {
    case 'ratio':
      // No series of errors yet means no errors, as long as there are requests.
      return `(${rate(source.of)} or (0 * ${rate(source.to)})) / ${rate(source.to)}`;
    case 'rate':
      return rate(source.of);
    case 'quantile': {
      const buckets = `sum by (le) (rate(${pick({ metric: `${source.histogram}_bucket` })}[${window}]))`;
      return `${source.unit === 'seconds' ? '1000 * ' : ''}histogram_quantile(${source.q}, ${buckets})`;
    }
    case 'gauge_ratio': {
      const [of, per] = [pick({ metric: source.of }), pick({ metric: source.per })];
      return source.over === 'sum' ? `sum(${of}) / sum(${per})` : `max(${of} / ${per})`;
    }
    case 'up':
      return `sum(${pick({ metric: 'up' })})`;
    default:
      return unreachable(source);
  }
}

/** A PromQL string literal; its escapes are those of Go, and JSON's are among them. */
function quoted(text: string): string {
  return JSON.stringify(text.toWellFormed());
}

function onGrid(text: string, { from, to, stepMs }: Grid): Seen<Series> {
  const parsed = parse(text);
  if (typeof parsed === 'string') return gap('bad_answer', shortForeign(parsed));
  const [only, ...others] = parsed.data.result;
  if (only === undefined) return gap('no_data', 'no series match');
  if (others.length > 0) return gap('bad_answer', 'more than one series');
  const byStep = new Map<number, number>();
  for (const [seconds, written] of only.values) {
    const value = numberOf(written);
    if (value !== undefined && Number.isFinite(value))
      byStep.set(Math.round((seconds * 1000 - from) / stepMs), value);
  }
  if (byStep.size === 0) return gap('no_data', 'no values in this time');
  const points = Math.floor((to - from) / stepMs) + 1;
  const steps = Array.from({ length: points }, (_, i) => i);
  return {
    kind: 'seen',
    value: { t: steps.map((i) => from + i * stepMs), v: steps.map((i) => byStep.get(i) ?? null) },
  };
}

function parse(text: string): z.infer<typeof Answer> | string {
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
