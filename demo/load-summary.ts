import { z } from 'zod';

/** One second of load as the generator saw it: answered requests, share of failures, milliseconds. `t` is its end, ms since 1970. */
export const LoadSample = z.object({
  t: z.number(),
  rate: z.number(),
  errors: z.number(),
  p50: z.number(),
  p95: z.number(),
});
export type LoadSample = z.infer<typeof LoadSample>;

/** `errors` counts every request alike; `p50` and `p95` are medians of the per-second figures. */
export type LoadSummary = { seconds: number; rate: number; errors: number; p50: number; p95: number };

/** The value below which `share` of the (unsorted) numbers lie, by nearest rank; 0 for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

/** Sums up the samples that ended in [from, to] (ms since 1970); zeros when there are none. */
export function summarise(samples: readonly LoadSample[], from: number, to: number): LoadSummary {
  const within = samples.filter(({ t }) => t >= from && t <= to);
  const requests = within.reduce((sum, { rate }) => sum + rate, 0);
  const failed = within.reduce((sum, { rate, errors }) => sum + rate * errors, 0);
  const busy = within.filter(({ rate }) => rate > 0);
  return {
    seconds: within.length,
    rate: within.length === 0 ? 0 : requests / within.length,
    errors: requests === 0 ? 0 : failed / requests,
    p50: quantile(
      busy.map(({ p50 }) => p50),
      0.5,
    ),
    p95: quantile(
      busy.map(({ p95 }) => p95),
      0.5,
    ),
  };
}
