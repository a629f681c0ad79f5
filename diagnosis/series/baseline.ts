import { at, selectInPlace } from './select.ts';

/** Where a series normally is. `scale`: what counts as one step of difference there, never 0. */
export type Baseline = { readonly level: number; readonly scale: number };

/** Fewer values say nothing about what is normal. */
const LEAST = 6;
/** IQR of a normal distribution in standard deviations. */
const IQR_SIGMAS = 1.349;
/**
 * A step is never below 2 % of the level: many counters and gauges stand still for minutes, and a move that people would
 * read as "about the same" must not weigh infinitely much because of that.
 */
const LEVEL_FLOOR = 0.02;
/** A share that is normally complete (100 % available): one in a thousand lost is one step. */
const CEILING_FLOOR = 0.001;
/** A series that is normally 0 has no level to compare with: a step is this part of the largest value it takes at all. */
const ZERO_FLOOR = 0.02;

/** The part [0, end) is the past; `least`: the smallest step that counts. */
export type Past = { readonly end: number; readonly least: number };

/**
 * Level and scale of the values in the past: median, and interquartile range with a floor, so that constant baselines
 * (MAD = 0) and a few foreign values do no harm. Null when too few values were measured. `scratch` must hold `end`.
 */
export function baselineOf(
  values: Float64Array,
  { end, least }: Past,
  scratch: Float64Array,
): Baseline | null {
  let n = 0;
  for (let i = 0; i < end; i += 1) {
    const value = at(values, i);
    if (Number.isFinite(value)) {
      scratch[n] = value;
      n += 1;
    }
  }
  if (n < LEAST) return null;
  const level = selectInPlace(scratch, n >>> 1, n);
  const low = selectInPlace(scratch, n >>> 2, n >>> 1);
  const highAt = n - 1 - (n >>> 2);
  const high = selectInPlace(scratch.subarray(n >>> 1), highAt - (n >>> 1), n - (n >>> 1));
  return { level, scale: Math.max((high - low) / IQR_SIGMAS, floorOf(values, level), least) };
}

function floorOf(values: Float64Array, level: number): number {
  let most = Number.NEGATIVE_INFINITY;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < values.length; i += 1) {
    const value = at(values, i);
    if (value > most) most = value;
    if (value < least) least = value;
  }
  if ((level === 100 || level === 1) && most === level && least >= 0) return CEILING_FLOOR * level;
  const size = Math.max(Math.abs(most), Math.abs(least));
  const floor = level === 0 ? ZERO_FLOOR * size : LEVEL_FLOOR * Math.abs(level);
  // A series that is 0 throughout has no scale of its own; any positive number will do, nothing differs from 0 there.
  return Number.isFinite(floor) && floor > 0 ? floor : 1;
}
