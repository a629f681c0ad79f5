import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { FirebreakError } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import type { IncidentId } from '#core/ids.ts';
import { isCheckpointLine } from './checkpoint.ts';
import { parseEntryLine } from './entry-line.ts';
import type { Entry, PayloadRef } from './log.ts';
import { openPayload, payloadTampered } from './payload-cipher.ts';
import type { PayloadKeys } from './payload-keys.ts';
import { readLines } from './read-lines.ts';
import { fileSize, type Position, payloadSegmentName, segmentName } from './segment-files.ts';

export type EntryRange = { logDir: string; place: Position; from: number; to: number };

/**
 * Entries `from` to `to` (excluded), beginning to read at `place`, which lies before them. Throws `log_tampered` if a
 * line on the way cannot be read or entries do not follow each other.
 */
export async function* readEntries(range: EntryRange): AsyncGenerator<Entry> {
  const { from, to } = range;
  if (from >= to) return;
  let next: number | undefined;
  for await (const entry of entriesFrom(range.logDir, range.place)) {
    if (entry.seq !== (next ?? Math.min(entry.seq, from))) break;
    next = entry.seq + 1;
    if (entry.seq >= from) yield entry;
    if (next === to) return;
  }
  throw unreadable(next ?? from);
}

async function* entriesFrom(logDir: string, place: Position): AsyncGenerator<Entry> {
  let at = place.at;
  for (let segment = place.segment; fileSize(logDir, segmentName(segment)) > 0; segment += 1) {
    for await (const batch of readLines(join(logDir, segmentName(segment)), at)) {
      for (const raw of batch) {
        if (isCheckpointLine(raw.bytes)) continue;
        const parsed = parseEntryLine(raw.bytes);
        if (parsed.kind === 'bad') return;
        yield parsed.entry;
      }
    }
    at = 0;
  }
}

/** Decrypts a payload. Undefined when its key was erased; throws `log_tampered` when the bytes are not those of `ref`. */
export async function readPayload(
  source: { logDir: string; keys: PayloadKeys },
  incidentId: IncidentId | undefined,
  ref: PayloadRef,
): Promise<Uint8Array | undefined> {
  const frame = await readFrame(source.logDir, ref);
  const key = source.keys.find(incidentId);
  return key && openPayload({ key, id: ref.id, frame });
}

/** The ciphertext that an entry names. Throws `log_tampered` when the bytes are not those of `ref`. */
export async function readFrame(logDir: string, ref: PayloadRef): Promise<Buffer> {
  const name = payloadSegmentName(ref.segment);
  if (fileSize(logDir, name) < ref.at + ref.bytes) throw payloadTampered(ref);
  const file = await open(join(logDir, name), 'r');
  try {
    const frame = Buffer.alloc(ref.bytes);
    await file.read(frame, 0, ref.bytes, ref.at);
    if (sha256(frame) !== ref.sha256) throw payloadTampered(ref);
    return frame;
  } finally {
    await file.close();
  }
}

function unreadable(entry: number): FirebreakError {
  return new FirebreakError('log_tampered', `entry ${entry} cannot be read`, { next: 'ask' });
}
