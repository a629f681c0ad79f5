import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Secret } from '#core/secret.ts';

/** While a secret is being changed a sender signs with each that is valid. */
const MAX_PARTS = 16;
const PART = /^v1=([0-9a-f]{64})$/;

/**
 * Whether a header such as `v1=HEX,v1=HEX` holds an HMAC-SHA256 of exactly these bytes under one of the secrets. Every
 * part is compared with every secret, in time that does not depend on where they differ; a secret that is empty or cannot be
 * used now matches nothing. Does not throw, and reads nothing of the bytes but their hash.
 */
export function isSigned(raw: Uint8Array, header: string | undefined, secrets: readonly Secret[]): boolean {
  const parts = (header ?? '').split(',').map((part) => PART.exec(part.trim())?.[1]);
  if (parts.length > MAX_PARTS) return false;
  const given = parts.filter((part) => part !== undefined).map((hex) => Buffer.from(hex, 'hex'));
  const expected = secrets
    .flatMap((secret) => secret.ifUsable() ?? [])
    .map((secret) => createHmac('sha256', secret).update(raw).digest());
  const matches = given.flatMap((one) => expected.filter((other) => timingSafeEqual(one, other)));
  return matches.length > 0;
}
