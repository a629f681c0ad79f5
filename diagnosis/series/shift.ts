import { type Baseline, baselineOf, type Past } from './baseline.ts';
import { at, selectInPlace } from './select.ts';

/**
 * A change of level. `steps`: how far the middle of the changed part lies from normal, in steps of the baseline, with sign.
 * `evidence` and `usual`: how much speaks for a change, and how much the past alone would give. `onset`, `until`: indices.
 */
export type Shift = {
  readonly steps: number;
  readonly evidence: number;
  readonly usual: number;
  /** The distance that the strongest excursion of the past reached: what this series does by itself. Never negative. */
  readonly usualSteps: number;
  readonly onset: number;
  readonly until: number;
  readonly level: number;
  readonly scale: number;
};

/** Deviations below one step do not add up to a change: the drift of the CUSUM, half of the two-step shift it looks for. */
const DRIFT = 1;
/** Part of an excursion that must reach the distance that is told. */
const REACHED = 0.1;
/** No single value counts for more: winsorised, so that one spike alone stays below `ALARM` and two in a row do not. */
const CLIP = 6;
/** Evidence at which a change is one: more than a clipped value alone can give. */
export const ALARM = CLIP;
/** Past 1e6 steps further digits mean nothing, and infinities would. */
const MOST_STEPS = 1e6;

/**
 * The strongest change of level since the end of the past against the values in it. Two-sided CUSUM of Page (Biometrika 41,
 * 1954) over winsorised robust scores; the onset is where the sum last left 0. Neither mean nor deviation of anything
 * since then is used, so a start that is given late does no harm. Null when there is no normal to compare with or
 * nothing after it. Pure; `scratch` must be as long as `values`.
 */
export function shiftOf(values: Float64Array, past: Past, scratch: Float64Array): Shift | null {
  const from = past.end;
  const baseline = baselineOf(values, past, scratch);
  if (baseline === null) return null;
  const before = strongest(values, baseline, { from: 0, to: from });
  const now = strongest(values, baseline, { from, to: values.length });
  if (now === null) return null;
  const steps = reachedSteps(values, baseline, now, scratch);
  return {
    steps: bounded(steps),
    evidence: now.sum,
    usual: before?.sum ?? 0,
    usualSteps: before === null ? 0 : Math.abs(bounded(reachedSteps(values, baseline, before, scratch))),
    onset: roseAt(values, baseline, now, steps),
    until: now.until,
    level: baseline.level,
    scale: baseline.scale,
  };
}

const bounded = (steps: number): number => Math.max(-MOST_STEPS, Math.min(MOST_STEPS, steps));

type Part = { readonly from: number; readonly to: number };
type Excursion = {
  readonly sum: number;
  readonly sign: 1 | -1;
  readonly onset: number;
  readonly until: number;
};

/** The side with the more evidence; null when nothing was measured there. */
function strongest(values: Float64Array, baseline: Baseline, part: Part): Excursion | null {
  const up = climb(values, baseline, { ...part, sign: 1 });
  const down = climb(values, baseline, { ...part, sign: -1 });
  if (up === null || down === null) return null;
  return up.sum >= down.sum ? up : down;
}

/** Peak of the sum on one side, with where it last left 0. */
function climb(
  values: Float64Array,
  { level, scale }: Baseline,
  { from, to, sign }: Part & { sign: 1 | -1 },
): Excursion | null {
  let sum = 0;
  let start = from;
  let peak = -1;
  let onset = from;
  let until = from;
  for (let i = from; i < to; i += 1) {
    const z = (sign * (at(values, i) - level)) / scale;
    if (Number.isNaN(z)) continue;
    if (sum <= 0) start = i;
    sum = Math.max(0, sum + Math.max(-CLIP, Math.min(CLIP, z)) - DRIFT);
    if (sum > peak) {
      peak = sum;
      onset = start;
      until = i;
    }
  }
  return peak < 0 ? null : { sum: peak, sign, onset, until };
}

/** Distance that the excursion keeps: reached by at least two of its values and by a tenth of them. With sign. */
function reachedSteps(
  values: Float64Array,
  { level, scale }: Baseline,
  { onset, until, sign }: Excursion,
  scratch: Float64Array,
): number {
  let n = 0;
  for (let i = onset; i <= until; i += 1) {
    const z = (sign * (at(values, i) - level)) / scale;
    if (Number.isNaN(z)) continue;
    scratch[n] = z;
    n += 1;
  }
  const rank = Math.max(2, Math.ceil(n * REACHED));
  return n === 0 ? 0 : sign * selectInPlace(scratch, Math.max(0, n - rank), n);
}

/** From where on it rose to half of that distance without coming back to normal. */
function roseAt(
  values: Float64Array,
  { level, scale }: Baseline,
  excursion: Excursion,
  steps: number,
): number {
  const z = (i: number): number => (excursion.sign * (at(values, i) - level)) / scale;
  let half = excursion.onset;
  while (half < excursion.until && !(z(half) >= Math.abs(steps) / 2)) half += 1;
  let onset = half;
  while (onset > excursion.onset && !(z(onset - 1) <= DRIFT)) onset -= 1;
  return onset;
}
