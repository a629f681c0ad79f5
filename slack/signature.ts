import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Secret } from '#core/secret.ts';
import type { Seen } from './seen.ts';

export const MAX_SLACK_BYTES = 256 * 1024;
/** How far a request's time may lie from ours, before or after. */
export const WINDOW_MS = 300_000;

const TIME = /^[1-9]\d{0,11}$/;
const SIGNATURE = /^v0=([0-9a-f]{64})$/;

/** A request as it came in, before anything of it was read. */
export type SignedRequest = {
  readonly raw: Uint8Array;
  /** Value of `X-Slack-Request-Timestamp`. */
  readonly time: string | undefined;
  /** Value of `X-Slack-Signature`. */
  readonly signature: string | undefined;
};

/** Why a request is not believed to come from Slack. Closed list. */
export type SignatureRefusal =
  | 'oversized'
  | 'not_signed'
  | 'unreadable_signature'
  | 'too_old'
  | 'from_the_future'
  | 'wrong_signature'
  | 'replayed';

/**
 * Whether Slack signed exactly these bytes a moment ago, and not one that was seen before: size, headers, time on both
 * sides, HMAC-SHA256 in constant time under any of the secrets, then once only. Undefined: yes. Parses nothing, does not
 * throw. A secret that is empty or
 * cannot be used now signs nothing.
 */
export function signatureRefusal(
  { raw, time, signature }: SignedRequest,
  known: {
    readonly secrets: readonly Secret[];
    /** What was signed in an earlier second than this is refused. */
    readonly since: number;
    readonly now: number;
    readonly seen: Seen;
  },
): SignatureRefusal | undefined {
  if (raw.byteLength > MAX_SLACK_BYTES) return 'oversized';
  if (time === undefined || signature === undefined) return 'not_signed';
  const given = SIGNATURE.exec(signature)?.[1];
  if (given === undefined || !TIME.test(time)) return 'unreadable_signature';
  const age = known.now - Number(time) * 1000;
  if (age > WINDOW_MS || Number(time) < Math.floor(known.since / 1000)) return 'too_old';
  if (age < -WINDOW_MS) return 'from_the_future';
  const right = known.secrets.map((secret) => isSigned({ raw, time, given }, secret.ifUsable() ?? ''));
  if (!right.includes(true)) return 'wrong_signature';
  return known.seen.add(given, known.now) ? undefined : 'replayed';
}

function isSigned(
  { raw, time, given }: { raw: Uint8Array; time: string; given: string },
  secret: string,
): boolean {
  if (secret === '') return false;
  const expected = createHmac('sha256', secret).update(`v0:${time}:`).update(raw).digest();
  return timingSafeEqual(expected, Buffer.from(given, 'hex'));
}
