import { unreachable } from '#core/errors.ts';
import type { Sample } from './exposition.ts';
import { quantile } from './load-summary.ts';

/** Cumulative counts of one instance at one scrape. */
export type Counts = { requests: number; errors: number; buckets: ReadonlyMap<number, number> };
/** What happened between two scrapes, summed over the instances of a service. */
export type Window = Counts;

const EMPTY: Counts = { requests: 0, errors: 0, buckets: new Map() };

/** Takes the counters the rules need from a page of samples. */
export function countsOf(samples: readonly Sample[]): Counts {
  let requests = 0;
  let errors = 0;
  const buckets = new Map<number, number>();
  for (const { name, labels, value } of samples) {
    if (name === 'http_requests_total') {
      requests += value;
      if (labels.code?.startsWith('5')) errors += value;
    } else if (name === 'http_request_duration_seconds_bucket') {
      const le = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le);
      buckets.set(le, value);
    }
  }
  return { requests, errors, buckets };
}

/** The increase from one scrape to the next; a counter that fell was reset, so its new value is the increase. */
export function increase(before: Counts | undefined, after: Counts): Window {
  if (before === undefined) return EMPTY;
  if (after.requests < before.requests) return after;
  const buckets = new Map([...after.buckets].map(([le, n]) => [le, n - (before.buckets.get(le) ?? 0)]));
  return { requests: after.requests - before.requests, errors: after.errors - before.errors, buckets };
}

/** Adds windows of several instances or moments. */
export function addWindows(windows: readonly Window[]): Window {
  const buckets = new Map<number, number>();
  for (const window of windows) {
    for (const [le, n] of window.buckets) buckets.set(le, (buckets.get(le) ?? 0) + n);
  }
  const sum = (pick: (window: Window) => number): number => windows.reduce((all, one) => all + pick(one), 0);
  return { requests: sum(({ requests }) => requests), errors: sum(({ errors }) => errors), buckets };
}

/** p95 in seconds, interpolated inside its bucket as Prometheus does; undefined without requests. */
export function p95Of(window: Window): number | undefined {
  const bounds = [...window.buckets].sort(([a], [b]) => a - b);
  const total = bounds.at(-1)?.[1] ?? 0;
  if (total === 0) return undefined;
  let low = 0;
  let under = 0;
  for (const [le, n] of bounds) {
    if (n >= 0.95 * total)
      return le === Number.POSITIVE_INFINITY
        ? low
        : low + ((le - low) * (0.95 * total - under)) / (n - under);
    low = le;
    under = n;
  }
  return low;
}

/** One rule at one moment. `key` tells alerts of the same name apart (service, or instance). */
export type AlertName = 'HighErrorRate' | 'HighLatency' | 'InstanceDown' | 'MemoryNearLimit';
export type Condition = {
  key: string;
  alertname: AlertName;
  labels: Readonly<Record<string, string>>;
  summary: string;
  holds: boolean;
};

/**
 * quiet -> pending (the condition holds) -> firing (it held for 2 s) -> quiet (it has not held for 2 s; told as resolved).
 * A pending alert whose condition stops is quiet at once.
 */
export type AlertState =
  | { kind: 'quiet' }
  | { kind: 'pending'; since: number }
  | { kind: 'firing'; startsAt: number; calmSince: number | undefined };

export const HOLD_MS = 2000;

/** The state after one evaluation at `now` (ms). */
export function nextState(state: AlertState, holds: boolean, now: number): AlertState {
  switch (state.kind) {
    case 'quiet':
      return holds ? { kind: 'pending', since: now } : state;
    case 'pending':
      if (!holds) return { kind: 'quiet' };
      return now - state.since >= HOLD_MS
        ? { kind: 'firing', startsAt: state.since, calmSince: undefined }
        : state;
    case 'firing': {
      if (holds) return { ...state, calmSince: undefined };
      const calmSince = state.calmSince ?? now;
      return now - calmSince >= HOLD_MS ? { kind: 'quiet' } : { ...state, calmSince };
    }
    default:
      return unreachable(state);
  }
}

/** What is usual for one service: the median of its p95 while nothing was wrong; undefined until 3 s of it were seen. */
export type Baseline = { add(p95: number): void; p95(): number | undefined };

/** Makes an empty baseline over the last 60 evaluations. */
export function createBaseline(): Baseline {
  const seen: number[] = [];
  return {
    add: (p95) => {
      seen.push(p95);
      if (seen.length > 60) seen.shift();
    },
    p95: () => (seen.length < 6 ? undefined : quantile(seen, 0.5)),
  };
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const millis = (seconds: number): string => `${Math.round(seconds * 1000)} ms`;

/** The two rules about the requests of one service; fewer than 5 requests in the window say nothing. */
export function requestConditions(
  service: string,
  window: Window,
  baseline: { usual: number | undefined; sensitive: boolean },
): Condition[] {
  const enough = window.requests >= 5;
  const share = enough ? window.errors / window.requests : 0;
  const p95 = (enough ? p95Of(window) : undefined) ?? 0;
  const { usual, sensitive } = baseline;
  const limit = sensitive ? 0.005 : Math.min(0.5, usual === undefined ? 0.5 : Math.max(0.1, 4 * usual));
  return [
    {
      key: service,
      alertname: 'HighErrorRate',
      labels: { service, severity: 'critical' },
      summary: `${percent(share)} of requests to ${service} fail`,
      holds: share > 0.05,
    },
    {
      key: service,
      alertname: 'HighLatency',
      labels: { service, severity: 'warning' },
      summary: `p95 of ${service} is ${millis(p95)}, limit ${millis(limit)}`,
      holds: p95 > limit,
    },
  ];
}
