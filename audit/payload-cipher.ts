import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { FirebreakError } from '#core/errors.ts';
import type { PayloadRef } from './log.ts';

const NONCE = 12;
const TAG = 16;

/** AES-256-GCM frame: nonce, ciphertext, tag. The key is derived from `key` (32 bytes) and the payload's id. */
export function sealPayload(options: {
  key: Buffer;
  id: string;
  content: Uint8Array;
  nonce: Buffer;
}): Buffer {
  const cipher = createCipheriv('aes-256-gcm', payloadKey(options.key, options.id), options.nonce);
  const sealed = Buffer.concat([cipher.update(options.content), cipher.final()]);
  return Buffer.concat([options.nonce, sealed, cipher.getAuthTag()]);
}

/** Content of a frame; undefined when it was sealed under another key or id, or is too short to be one. */
export function openPayload(options: { key: Buffer; id: string; frame: Buffer }): Buffer | undefined {
  const { key, id, frame } = options;
  if (frame.length < NONCE + TAG) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', payloadKey(key, id), frame.subarray(0, NONCE));
  decipher.setAuthTag(frame.subarray(frame.length - TAG));
  try {
    return Buffer.concat([decipher.update(frame.subarray(NONCE, frame.length - TAG)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** The nonce is random besides, so that an id used twice does not repeat a key stream. */
export function newNonce(random: { bytes(size: number): Buffer }): Buffer {
  return random.bytes(NONCE);
}

/** For ciphertext that is not what the entry named. */
export function payloadTampered(ref: PayloadRef): FirebreakError {
  return new FirebreakError('log_tampered', `payload ${ref.id} does not match its digest`, { next: 'ask' });
}

/** The key of one payload alone: who holds it can open that payload and no other. */
export function payloadKey(key: Buffer, id: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `firebreak/payload/v1\0${id}`, 32));
}
