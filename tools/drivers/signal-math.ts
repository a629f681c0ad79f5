/** A counter as it was read, oldest first; NaN where it was not there. */
export type Samples = { readonly t: readonly number[]; readonly v: readonly number[] };
export type Bucket = { readonly le: number; readonly count: number };

/**
 * Per second over the samples, counting a fall as a restart from zero. Null with fewer than two readings: what happened
 * before the first one is not known.
 */
export function ratePerSecond({ t, v }: Samples): number | null {
  let first: number | undefined;
  let last = 0;
  let before = 0;
  let grown = 0;
  for (const [i, value] of v.entries()) {
    const at = t[i];
    if (at === undefined || !Number.isFinite(value)) continue;
    if (first === undefined) first = at;
    else grown += value < before ? value : value - before;
    before = value;
    last = at;
  }
  return first === undefined || last <= first ? null : (grown * 1000) / (last - first);
}

/**
 * The value below which the share `q` of observations lies, as PromQL's histogram_quantile: linear inside a bucket, and the
 * highest finite bound when the quantile falls into the last one. Null without observations.
 */
export function histogramQuantile(q: number, buckets: readonly Bucket[]): number | null {
  const sorted = [...buckets].filter(({ count }) => Number.isFinite(count)).sort((a, b) => a.le - b.le);
  const top = sorted.at(-1);
  if (top === undefined || top.le !== Number.POSITIVE_INFINITY || sorted.length < 2) return null;
  // Buckets of a restarted instance can be off by a scrape: a cumulative count never falls.
  let highest = 0;
  const counts = sorted.map(({ count }) => {
    highest = Math.max(highest, count);
    return highest;
  });
  if (highest <= 0) return null;
  const rank = q * highest;
  const at = counts.findIndex((count) => count >= rank);
  if (at === sorted.length - 1) return sorted[at - 1]?.le ?? null;
  const upper = sorted[at]?.le ?? 0;
  const lower = at === 0 ? 0 : (sorted[at - 1]?.le ?? 0);
  if (at === 0 && upper <= 0) return upper;
  const below = at === 0 ? 0 : (counts[at - 1] ?? 0);
  const inside = (counts[at] ?? 0) - below;
  return inside <= 0 ? upper : lower + ((upper - lower) * (rank - below)) / inside;
}

/** Sum of what was measured; null when nothing was. */
export function sumOf(values: readonly (number | null)[]): number | null {
  const measured = values.filter((value) => value !== null);
  return measured.length === 0 ? null : measured.reduce((sum, value) => sum + value, 0);
}

/** `of / per`, null where either is unknown or there is nothing to divide by. */
export function ratioOf(of: number | null, per: number | null): number | null {
  return of === null || per === null || per === 0 ? null : of / per;
}
