import { join } from 'node:path';
import type { IncidentId } from '#core/ids.ts';
import { readFrame } from './file-reader.ts';
import type { PayloadRef } from './log.ts';
import { openPayload, payloadKey } from './payload-cipher.ts';
import { storedPayloadKey } from './payload-keys.ts';
import { logDirOf } from './verify.ts';

/** A payload's ciphertext, the key of it alone, and its content. */
export type OpenedPayload = { frame: Buffer; key: Buffer; content: Buffer };

/**
 * Reads a payload out of a data directory, without the server. Undefined when its key was erased; throws `log_tampered`
 * when the bytes are not those that the entry names.
 */
export async function readOpened(of: {
  dir: string;
  incidentId: IncidentId | undefined;
  ref: PayloadRef;
}): Promise<OpenedPayload | undefined> {
  const { dir, incidentId, ref } = of;
  const frame = await readFrame(logDirOf(dir), ref);
  const secret = storedPayloadKey(join(dir, 'keys'), incidentId);
  const content = secret && openPayload({ key: secret, id: ref.id, frame });
  return secret && content && { frame, key: payloadKey(secret, ref.id), content };
}
