import { at as valueAt } from './select.ts';
import { ALARM, type Shift, shiftOf } from './shift.ts';
import type { SystemView } from './system.ts';

/** The strongest change of one series, deviating or not. `onset`: ms. */
export type Measured = Omit<Shift, 'onset' | 'until'> & {
  readonly service: string;
  readonly metric: string;
  readonly onset: number;
};

/**
 * How long before the page a fault may have begun: rules wait some minutes before they page, and what is older than a
 * quarter of an hour belongs to what is normal.
 */
const BEFORE_PAGE = 15 * 60_000;
/** At least this part of the time before the page stays as the past to compare with. */
const PAST_SHARE = 0.75;

/** Index of the first instant that may belong to the fault. What was never measured is no past. */
function windowStart({ t, at, series }: Pick<SystemView, 't' | 'at' | 'series'>): number {
  if (firstAt(t, at) === 0) return 0;
  const begin = valueAt(t, firstMeasured(series, t.length));
  const past = begin + PAST_SHARE * (Math.min(at, valueAt(t, t.length - 1)) - begin);
  return firstAt(t, Math.max(at - BEFORE_PAGE, past));
}

function firstMeasured(series: SystemView['series'], length: number): number {
  let first = Math.max(0, length - 1);
  for (const { values } of series) {
    for (let i = 0; i < first; i += 1) if (Number.isFinite(valueAt(values, i))) first = i;
  }
  return first;
}

/** Index of the first instant at or after a time; the length if there is none. */
function firstAt(t: Float64Array, time: number): number {
  let low = 0;
  let high = t.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (valueAt(t, middle) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The strongest change around the page of every series of a system. Series
 * without enough past or without a value since are left out. Pure; total over any numbers.
 */
export function measureSystem(view: Pick<SystemView, 't' | 'at' | 'series'>): Measured[] {
  const end = windowStart(view);
  const scratch = new Float64Array(view.t.length);
  const found: Measured[] = [];
  for (const { service, metric, values, least = 0 } of view.series) {
    const shift = shiftOf(values, { end, least }, scratch);
    if (shift === null) continue;
    const { until: _, onset, ...rest } = shift;
    found.push({ service, metric, ...rest, onset: valueAt(view.t, onset) });
  }
  return found;
}

/** Whether a change is one, however small: more speaks for it than a single value could. */
export const isDeviating = ({ evidence }: Pick<Measured, 'evidence'>): boolean => evidence > ALARM;

/** Time between samples: the shortest step of the grid; 0 for fewer than two. */
export function stepOf(t: Float64Array): number {
  let step = Number.POSITIVE_INFINITY;
  for (let i = 1; i < t.length; i += 1) step = Math.min(step, valueAt(t, i) - valueAt(t, i - 1));
  return Number.isFinite(step) ? Math.max(0, step) : 0;
}
