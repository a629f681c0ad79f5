import type { LogCount, SpanTimes, SystemView } from '#diagnosis/series/system.ts';

export const MINUTE = 60_000;
export const START = 1_700_000_000_000;

/** Deterministic noise in -1..1, another row of it per seed. */
export function wobble(i: number, seed = 0): number {
  const x = Math.sin(i * 12.9898 + seed * 78.233) * 43758.5453;
  return 2 * (x - Math.floor(x)) - 1;
}

/** Time of the i-th sample. */
export const timeAt = (i: number): number => START + i * MINUTE;

export type Shape = (i: number) => number | null;
export type Made = {
  points: number;
  /** Sample at which the page says it began. */
  at: number;
  series: Record<string, Record<string, Shape>>;
  page?: SystemView['page'];
  calls?: SystemView['calls'];
  spans?: readonly SpanTimes[];
  logs?: readonly LogCount[];
  changes?: SystemView['changes'];
};

/** A system with one sample a minute; `series` by service and metric. */
export function viewOf(made: Made): SystemView {
  const { points, at, page = null, calls = [], spans = [], logs = [], changes = [] } = made;
  const instants = Array.from({ length: points }, (_, i) => i);
  return {
    t: Float64Array.from(instants, timeAt),
    series: Object.entries(made.series).flatMap(([service, metrics]) =>
      Object.entries(metrics).map(([metric, shape]) => ({
        service,
        metric,
        values: Float64Array.from(instants, (i) => shape(i) ?? Number.NaN),
      })),
    ),
    at: timeAt(at),
    page,
    calls,
    spans: { buckets: bucketsOf(spans), rows: spans },
    logs: { buckets: bucketsOf(logs), rows: logs },
    changes,
  };
}

function bucketsOf(rows: readonly { at: number }[]): number[] {
  return [...new Set(rows.map(({ at }) => at))].sort((a, b) => a - b);
}
