import type { SignalName } from '#incidents/vocabulary.ts';

/** What a difference must be, per signal, to count as one; constant baselines have no noise of their own to compare with. */
export type SignalScale = {
  /** Smallest half-width of a band, absolute and as a share of the level. */
  readonly least: number;
  readonly share: number;
  /** `high`: less is never a fault. */
  readonly harm: 'high' | 'both';
  /** No band ends above it while the normal level is clearly below: a full pool is never normal because of noise. */
  readonly ceiling: number | null;
  /** Levels that no service is healthy at, whatever its past. */
  readonly never: { readonly above?: number; readonly below?: number };
};

export const signalScale: Readonly<Record<SignalName, SignalScale>> = {
  error_ratio: { least: 0.01, share: 0.5, harm: 'high', ceiling: 0.05, never: { above: 0.05 } },
  latency_p95: { least: 30, share: 0.75, harm: 'high', ceiling: null, never: {} },
  request_rate: { least: 1, share: 0.25, harm: 'both', ceiling: null, never: {} },
  saturation: { least: 0.15, share: 0.25, harm: 'high', ceiling: 0.9, never: {} },
  memory_use: { least: 0.1, share: 0.2, harm: 'high', ceiling: 0.95, never: {} },
  instances_up: { least: 0.5, share: 0, harm: 'both', ceiling: null, never: { below: 0.5 } },
};
