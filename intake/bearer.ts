import { timingSafeEqual } from 'node:crypto';
import { sha256 } from '#core/hash.ts';
import type { Digest } from '#core/ids.ts';

const HEADER = /^bearer +([\x21-\x7e]{1,1024}) *$/i;

/** The token of an `Authorization: Bearer` header; undefined when there is none. Does not throw. */
export function bearerToken(header: string | undefined): string | undefined {
  return HEADER.exec(header ?? '')?.[1];
}

/** Whether a token is the one whose SHA-256 is known, in time that does not depend on where they differ. */
export function isToken(token: string, expected: Digest): boolean {
  return timingSafeEqual(Buffer.from(sha256(token), 'hex'), Buffer.from(expected, 'hex'));
}
