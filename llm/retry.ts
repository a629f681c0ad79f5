import type { Random } from '#core/clock.ts';
import type { AttemptFailure } from './provider.ts';

/** Tries after the first, per candidate. A timeout has used the time that a second try would need. */
const RETRIES: Readonly<Record<AttemptFailure, number>> = {
  rate_limited: 2,
  overloaded: 2,
  unavailable: 2,
  invalid_reply: 1,
  timeout: 0,
  auth: 0,
  unknown_model: 0,
  too_long: 0,
  rejected: 0,
  aborted: 0,
};

const BASE_MS = 500;
const LONGEST_MS = 8_000;
/** A provider that asks for a longer pause is given up for this turn: the next candidate is sooner. */
const LONGEST_ASKED_MS = 20_000;

export type Failed = {
  readonly reason: AttemptFailure;
  readonly retryAfterMs: number | null;
  /** Attempts made at this candidate in this turn, from 1. */
  readonly made: number;
  /** What is left of the turn, ms. */
  readonly leftMs: number;
};

/**
 * How long to wait before the same candidate is tried again, in ms; null = not again. Full jitter over a doubling
 * range, on top of what the provider asked for, and never past the end of the turn. Pure.
 */
export function retryWait({ reason, retryAfterMs, made, leftMs }: Failed, random: Random): number | null {
  if (made > RETRIES[reason]) return null;
  const asked = Math.max(0, retryAfterMs ?? 0);
  if (asked > LONGEST_ASKED_MS) return null;
  const range = Math.min(LONGEST_MS, BASE_MS * 2 ** (made - 1));
  const wait = Math.ceil(asked + range * fraction(random));
  return wait < leftMs ? wait : null;
}

/** Even between 0 and 1. */
function fraction(random: Random): number {
  return random.bytes(4).readUInt32BE() / 2 ** 32;
}
