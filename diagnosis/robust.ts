/** Middle value; null for an empty list. Does not change its input. */
export function median(values: readonly number[]): number | null {
  return quantile(values, 0.5);
}

/** Linear-interpolated quantile; null for an empty list. Does not change its input. */
export function quantile(values: readonly number[], q: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)];
  const above = sorted[Math.ceil(at)];
  if (below === undefined || above === undefined) return null;
  return below + (above - below) * (at - Math.floor(at));
}

export type Sample = { readonly t: number; readonly v: number };

/** At most `limit` samples, evenly picked, newest kept: bounds the work of `trend`. */
export function thin(samples: readonly Sample[], limit: number): readonly Sample[] {
  if (samples.length <= limit) return samples;
  const step = samples.length / limit;
  return Array.from({ length: limit }, (_, i) => samples[samples.length - 1 - Math.floor(i * step)])
    .filter((sample) => sample !== undefined)
    .reverse();
}

/** Theil-Sen slope in value per minute: the median over all pairs, so that single spikes do not tilt it. Null below 3 samples. */
export function trend(samples: readonly Sample[]): number | null {
  if (samples.length < 3) return null;
  const few = thin(samples, 60);
  const slopes: number[] = [];
  for (const [i, a] of few.entries()) {
    for (const b of few.slice(i + 1)) {
      if (b.t > a.t) slopes.push(((b.v - a.v) * 60_000) / (b.t - a.t));
    }
  }
  return median(slopes);
}

/** Robust standard deviation around the trend line, so that a steady climb does not count as noise. 0 below 3 samples. */
export function noise(samples: readonly Sample[]): number {
  const slope = trend(samples) ?? 0;
  const first = samples[0]?.t ?? 0;
  const flat = samples.map(({ t, v }) => v - (slope * (t - first)) / 60_000);
  const middle = median(flat) ?? 0;
  return 1.4826 * (median(flat.map((v) => Math.abs(v - middle))) ?? 0);
}
