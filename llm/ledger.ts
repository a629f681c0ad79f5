import type { Turn } from './model.ts';
import type { AttemptFailure, Tokens } from './provider.ts';

/** What one attempt may cost at most, asked for before it is made. */
export type Reservation = {
  readonly turn: Turn;
  readonly role: string;
  readonly provider: string;
  readonly model: string;
  readonly usdMicros: number;
};

/** What became of it. `tokens` is null where the provider said nothing: then the reservation counts as spent. */
export type Settlement = {
  readonly outcome: 'ok' | 'recorded' | AttemptFailure;
  readonly tokens: Tokens | null;
  readonly usdMicros: number;
  /** Day of the price row, `2026-11-01`. */
  readonly price: string;
  readonly latencyMs: number;
  /** Which attempt of the turn, from 1. */
  readonly attempt: number;
};

export type Reserved =
  | { readonly kind: 'reserved'; readonly id: string }
  | { readonly kind: 'refused'; readonly reason: 'incident_spent' | 'role_spent' | 'day_spent' };

/**
 * The books, kept in the log by whoever hands this in. `reserve` is durable before it resolves; a reservation that is
 * never settled counts as spent. Both throw only when the log cannot take an entry.
 */
export type Ledger = {
  reserve(reservation: Reservation): Promise<Reserved>;
  settle(id: string, settlement: Settlement): Promise<void>;
};
