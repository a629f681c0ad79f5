import type { LogCount, SystemView } from '../series/system.ts';

/** A kind of log line that is written more (or for the first time) since the page. `surprise`: -log10 of how likely chance is. */
export type LogChange = {
  readonly service: string;
  readonly template: string;
  readonly isError: boolean;
  readonly isNew: boolean;
  readonly before: number;
  readonly after: number;
  readonly surprise: number;
};

/** Fewer buckets of the time before say nothing about what is new. */
const LEAST_BEFORE = 2;
/** Half a line more than was seen: the Jeffreys prior of a Poisson rate, so that "never seen" is not "impossible". */
const PRIOR = 0.5;
/** Log lines come in bursts: their variance is about this many times that of independent events. */
const BURST = 2;

/**
 * Every kind of line whose rate rose since the page, by surprise. A kind that was never written before is judged against
 * how long it was not. Pure; total; empty when there is nothing before or nothing since.
 */
export function logChanges({ logs, at }: Pick<SystemView, 'logs' | 'at'>): LogChange[] {
  const since = sinceOf(logs.buckets, at);
  const before = logs.buckets.filter((bucket) => bucket < since).length;
  const after = logs.buckets.length - before;
  if (before < LEAST_BEFORE || after === 0) return [];
  const kinds = [...kindsOf(logs.rows, since).values()];
  const load = loadOf(kinds, after / before);
  return kinds
    .map(({ row, was, is }) => {
      const expected = ((was + PRIOR) * after * load) / before;
      const surprise = is > expected ? tail(is / BURST, expected / BURST) : 0;
      const { service, template, isError } = row;
      return { service, template, isError, isNew: was === 0, before: was, after: is, surprise };
    })
    .filter(({ surprise }) => surprise > 0)
    .sort((a, b) => b.surprise - a.surprise);
}

/** How much busier the whole system is than before: what all kinds of lines did together is no news about one of them. */
function loadOf(kinds: readonly { was: number; is: number }[], share: number): number {
  const was = kinds.reduce((sum, kind) => sum + kind.was, 0);
  const is = kinds.reduce((sum, kind) => sum + kind.is, 0);
  return was === 0 || is === 0 ? 1 : Math.max(1, is / (was * share));
}

/** Start of the bucket that the instant lies in. */
function sinceOf(buckets: readonly number[], at: number): number {
  const holding = buckets.filter((bucket) => bucket <= at);
  const widths = buckets.slice(1).map((next, i) => next - (buckets[i] ?? next));
  const width = Math.min(...widths);
  const last = holding.at(-1) ?? at;
  return Number.isFinite(width) && at - last < width ? last : at;
}

function kindsOf(rows: readonly LogCount[], since: number) {
  const kinds = new Map<string, { row: LogCount; was: number; is: number }>();
  for (const row of rows) {
    const key = JSON.stringify([row.service, row.template]);
    const kind = kinds.get(key) ?? { row, was: 0, is: 0 };
    if (row.at < since) kind.was += row.count;
    else kind.is += row.count;
    kinds.set(key, kind);
  }
  return kinds;
}

/**
 * -log10 of the chance of at least `count` Poisson events where `mean` are expected: Chernoff bound
 * exp(-mean) (e mean / count)^count, which needs no tables and never overflows.
 */
function tail(count: number, mean: number): number {
  return (mean - count + count * Math.log(count / mean)) / Math.LN10;
}
