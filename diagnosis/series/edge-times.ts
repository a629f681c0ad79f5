import type { SpanTimes, SystemView } from './system.ts';

/**
 * Time that calls from `caller` spend neither in the caller nor in the callee: what the caller waits minus what the callee
 * says it took. `callees`: one, or all that share the caller's spans where those do not tell them apart. Times in the unit
 * of the spans; `steps`: growth in steps of what was normal.
 */
export type EdgeTime = {
  readonly caller: string;
  readonly callees: readonly string[];
  readonly before: number;
  readonly after: number;
  readonly steps: number;
};

/** A growth below a fifth of the whole call is jitter. */
const SHARE_FLOOR = 0.2;
/** Median absolute deviation of a normal distribution to its standard deviation. */
const MAD_SIGMAS = 1.4826;
/** Buckets with fewer calls say little about percentiles. */
const LEAST_CALLS = 3;
/** Client spans over HTTP carry the method as their only name (OpenTelemetry semantic conventions for HTTP spans). */
const HTTP_CLIENT = /^(?:HTTP )?(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)$/;

/**
 * The growth of the time between caller and callee, per edge, since the page. Client and server span of a call are paired by
 * operation where both have the same; HTTP client spans are compared with all that the caller called without such a
 * pair. Edges seen only before or only after are left out. Pure; total.
 */
export function edgeTimes({ spans, at }: Pick<SystemView, 'spans' | 'at'>): EdgeTime[] {
  const since = bucketOf(spans.buckets, at);
  const edges = new Map<string, { caller: string; callees: Set<string>; before: Gap[]; after: Gap[] }>();
  for (const [caller, buckets] of byCaller(spans.rows)) {
    for (const [bucket, rows] of buckets) {
      for (const { key, callees, gap } of gapsOf(caller, rows)) {
        const edge = edges.get(key) ?? { caller, callees: new Set(), before: [], after: [] };
        for (const callee of callees) edge.callees.add(callee);
        (bucket < since ? edge.before : edge.after).push(gap);
        edges.set(key, edge);
      }
    }
  }
  return [...edges.values()].flatMap((edge) => {
    const { caller, callees, before, after } = edge;
    if (before.length === 0 || after.length === 0) return [];
    return [{ caller, callees: [...callees].sort(), ...grown(before, after) }];
  });
}

/** Start of the bucket that holds an instant. */
function bucketOf(buckets: readonly number[], at: number): number {
  const widths = buckets.slice(1).map((next, i) => next - (buckets[i] ?? next));
  const width = widths.length === 0 ? 0 : Math.min(...widths);
  return at - width;
}

type Gap = { readonly wait: number; readonly whole: number };

function grown(before: readonly Gap[], after: readonly Gap[]): Pick<EdgeTime, 'before' | 'after' | 'steps'> {
  const waits = before.map(({ wait }) => wait).sort((a, b) => a - b);
  const level = middle(waits);
  const spread = MAD_SIGMAS * middle(waits.map((wait) => Math.abs(wait - level)).sort((a, b) => a - b));
  const whole = middle(before.map((gap) => gap.whole).sort((a, b) => a - b));
  const now = middle(after.map(({ wait }) => wait).sort((a, b) => a - b));
  const step = Math.max(spread, SHARE_FLOOR * whole, Number.MIN_VALUE);
  return { before: level, after: now, steps: (now - level) / step };
}

const middle = (sorted: readonly number[]): number => sorted[sorted.length >>> 1] ?? 0;

function byCaller(rows: readonly SpanTimes[]): Map<string, Map<number, SpanTimes[]>> {
  const callers = new Map<string, Map<number, SpanTimes[]>>();
  for (const row of rows) {
    const buckets = callers.get(row.caller) ?? new Map<number, SpanTimes[]>();
    callers.set(row.caller, buckets);
    const held = buckets.get(row.at);
    if (held === undefined) buckets.set(row.at, [row]);
    else held.push(row);
  }
  return callers;
}

/** What the caller waited for beyond what its callees took, in one bucket. */
function gapsOf(
  caller: string,
  rows: readonly SpanTimes[],
): { key: string; callees: readonly string[]; gap: Gap }[] {
  const served = rows.filter(({ callee }) => callee !== caller);
  const own = rows.filter(({ callee }) => callee === caller);
  const paired = new Set<SpanTimes>();
  const found: { key: string; callees: readonly string[]; gap: Gap }[] = [];
  for (const client of own) {
    const servers = served.filter(({ operation }) => nameOf(operation) === nameOf(client.operation));
    const [server, ...others] = servers;
    if (server === undefined || others.length > 0) continue;
    paired.add(server);
    if (Math.min(client.count, server.count) < LEAST_CALLS) continue;
    found.push({
      key: `${caller} ${server.callee} ${nameOf(client.operation)}`,
      callees: [server.callee],
      gap: { wait: meanTime([client]) - meanTime([server]), whole: meanTime([client]) },
    });
  }
  const clients = own.filter(({ operation }) => HTTP_CLIENT.test(operation));
  const rest = served.filter((row) => !paired.has(row));
  if (callsOf(clients) >= LEAST_CALLS && callsOf(rest) >= LEAST_CALLS) {
    const whole = meanTime(clients);
    found.push({
      key: `${caller} *`,
      callees: rest.map(({ callee }) => callee),
      gap: { wait: whole - meanTime(rest), whole },
    });
  }
  return found;
}

/** gRPC instrumentations differ in what they put before `package.Service/Method`. */
const nameOf = (operation: string): string => operation.replace(/^\/|^grpc\./, '');

const callsOf = (rows: readonly SpanTimes[]): number => rows.reduce((sum, { count }) => sum + count, 0);

/** Mean over the calls, each row taken as half way between its median and its slow end. */
function meanTime(rows: readonly SpanTimes[]): number {
  const total = rows.reduce((sum, { count, p50, p95 }) => sum + (count * (p50 + p95)) / 2, 0);
  return total / Math.max(1, callsOf(rows));
}
