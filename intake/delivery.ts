import type { JsonRefusal } from '#core/canonical.ts';
import { sha256 } from '#core/hash.ts';
import type { Digest, IncidentId } from '#core/ids.ts';
import type { Alert } from '#incidents/alert.ts';
import type { IgnoredReason, ParseRefusal } from './parsed.ts';

/** Alerts that came in together from an authenticated source. */
export type Delivery = {
  readonly source: string;
  /** `held`: it came earlier, was left alone for a while, and counts now. */
  readonly via: 'webhook' | 'poll' | 'watch' | 'held';
  /**
   * SHA-256 of what came in: a sender that tries again repeats the key. So does one that sends the same words a day later,
   * so a repeat means nothing new only for minutes.
   */
  readonly key: Digest;
  readonly alerts: readonly Alert[];
  /** Members of the delivery that could not be read as alerts. */
  readonly skipped: number;
  readonly bytes: number;
  readonly receivedAt: number;
  /** When what it tells happened, where the sender names its deliveries; `key` is then made of that name alone. */
  readonly eventAt?: number;
  /** The request that brought it in. */
  readonly trace?: string;
};

/** `accepted` only after the delivery is durable in the log; `incidents` are those it opened, joined or cleared. */
export type Accepted = { kind: 'accepted'; incidents: readonly IncidentId[] } | { kind: 'unavailable' };
/** Handed in: makes a delivery durable and groups its alerts. May throw, which counts as `unavailable`. */
export type OnAlert = (delivery: Delivery) => Promise<Accepted>;

/** Why a delivery was turned away. Closed list. */
export type DeliveryRefusal =
  | 'unknown_source'
  | 'unauthenticated'
  | 'too_old'
  | 'in_future'
  | 'replayed'
  | 'oversized'
  | 'not_utf8'
  | JsonRefusal
  | ParseRefusal;

export type Refusal = {
  /** As the sender spelt it, shortened to fit the log. */
  readonly source: string;
  readonly reason: DeliveryRefusal;
  readonly peer: string;
  readonly bytes: number;
  readonly correlation: string;
};
export type Ignored = {
  readonly source: string;
  readonly reason: IgnoredReason;
  readonly key: Digest;
  readonly bytes: number;
};
/** Handed in: records a delivery that is about no alert. May throw; nothing is lost with it. */
export type OnIgnored = (ignored: Ignored) => Promise<void>;

/** Handed in: records a refusal. May throw; the refusal stands either way. */
export type OnRefused = (refusal: Refusal) => Promise<void>;

/** Gives a delivery to `onAlert`; whatever it throws means that nothing is known to be durable. */
export async function handOver(onAlert: OnAlert, delivery: Delivery): Promise<Accepted> {
  try {
    return await onAlert(delivery);
  } catch {
    return { kind: 'unavailable' };
  }
}

/** A delivery of what the product saw by itself; each has a key of its own. */
export function deliveryOf(
  via: 'poll' | 'watch' | 'held',
  seen: { readonly source: string; readonly alerts: readonly Alert[]; readonly receivedAt: number },
): Delivery {
  const text = JSON.stringify(seen);
  return { ...seen, via, key: sha256(text), skipped: 0, bytes: Buffer.byteLength(text) };
}
