import type { Digest } from '#core/ids.ts';
import type { ChangeOutcome } from './change-outcome.ts';
import type { Seen } from './seen.ts';

/** An alert that fires, with the labels by which a silence finds it: all of them are the alert's own. */
export type FiringAlert = {
  readonly name: string;
  readonly matchers: readonly { readonly name: string; readonly value: string }[];
};
export type SilenceOrder = {
  readonly fingerprint: Digest;
  readonly minutes: number;
  readonly key: string;
};

/**
 * Keeps one Alertmanager from telling people of one alert, for a while. The key of an order stands in the silence's
 * comment: a repeated one finds its own silence, and `settle` says whether that is in effect. Nothing throws.
 */
export type SilenceDriver = {
  /** The alert of this fingerprint, if it fires there. Gap `no_data` where it does not, or cannot be told from others. */
  find(fingerprint: Digest, signal: AbortSignal): Promise<Seen<FiringAlert>>;
  silence(order: SilenceOrder, signal: AbortSignal): Promise<ChangeOutcome>;
  /** Ends the silence that an order with this key made. */
  expire(key: string, signal: AbortSignal): Promise<ChangeOutcome>;
  settle(key: string, signal: AbortSignal): Promise<'happened' | 'did_not_happen' | 'unknown'>;
  /** The same as a command for a person. */
  manual(alert: FiringAlert, minutes: number): string;
};
