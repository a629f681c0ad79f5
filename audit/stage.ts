import type { Random } from '#core/clock.ts';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import type { PayloadEnd } from './chain.ts';
import { entryLine, parseEntryLine } from './entry-line.ts';
import type { Entry, EntryDraft, PayloadDraft, PayloadRef } from './log.ts';
import { newNonce, sealPayload } from './payload-cipher.ts';
import type { PayloadKeys } from './payload-keys.ts';

/** Ciphertext and where it goes. */
export type Frame = { segment: number; at: number; bytes: Buffer };

/** What the next draft continues: sequence number, time, end of payloads. */
export type Edge = { seq: number; ts: number; payloadEnd: PayloadEnd };

export type Staged = {
  entries: readonly Entry[];
  lines: readonly Buffer[];
  frames: readonly Frame[];
  after: Edge;
};

export type Stager = {
  keys: PayloadKeys;
  random: Random;
  payloadSegmentBytes: number;
};

export const MAX_BATCH = 256;
const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;

/**
 * Turns drafts into the lines and ciphertexts that would be written behind `edge` at time `now`, without writing them.
 * Throws `json_invalid` for a draft that can never be written, `log_append_failed` if a payload key cannot be stored.
 */
export function stage(stager: Stager, drafts: readonly EntryDraft[], edge: Edge & { now: number }): Staged {
  if (drafts.length > MAX_BATCH) throw invalid(`more than ${MAX_BATCH} entries in one batch`);
  const ts = Math.max(edge.now, edge.ts);
  const after: Edge = { seq: edge.seq, ts: drafts.length > 0 ? ts : edge.ts, payloadEnd: edge.payloadEnd };
  const entries: Entry[] = [];
  const lines: Buffer[] = [];
  const frames: Frame[] = [];
  for (const draft of drafts) {
    const refs: PayloadRef[] = [];
    for (const payload of draft.payloads ?? []) {
      const frame = frameOf(stager, { draft, payload, end: after.payloadEnd });
      const { segment, at, bytes } = frame;
      frames.push(frame);
      refs.push({ id: payload.id, segment, at, bytes: bytes.length, sha256: sha256(bytes) });
      after.payloadEnd = { segment, at: at + bytes.length };
    }
    const line = entryLine({ v: 1, ...draft, seq: after.seq, ts, payloads: refs });
    entries.push(readBack(line));
    lines.push(line);
    after.seq += 1;
  }
  return { entries, lines, frames, after };
}

/** What a reader will see: equal to every later replay, and out of reach of a caller who changes the draft. */
function readBack(line: Buffer): Entry {
  const parsed = parseEntryLine(line.subarray(0, -1));
  if (parsed.kind === 'bad') throw invalid(parsed.reason);
  const { entry } = parsed;
  if (new Set(entry.streams).size < entry.streams.length) throw invalid('a stream is named twice');
  return entry;
}

function frameOf(
  stager: Stager,
  input: { draft: EntryDraft; payload: PayloadDraft; end: PayloadEnd },
): Frame {
  const { id, content } = input.payload;
  if (content.length > MAX_PAYLOAD_BYTES) throw invalid(`payload ${id} is over 8 MiB`);
  const key = obtainKey(stager, input.draft);
  const bytes = sealPayload({ key, id, content, nonce: newNonce(stager.random) });
  const { segment, at } = input.end;
  const full = at > 0 && at + bytes.length > stager.payloadSegmentBytes;
  return full ? { segment: segment + 1, at: 0, bytes } : { segment, at, bytes };
}

function obtainKey(stager: Stager, draft: EntryDraft): Buffer {
  try {
    return stager.keys.obtain(draft.incidentId);
  } catch (error) {
    const message = `a payload key could not be stored: ${messageOf(error)}`;
    throw new FirebreakError('log_append_failed', message, { cause: error });
  }
}

function invalid(reason: string): FirebreakError {
  return new FirebreakError('json_invalid', `log entry: ${reason}`);
}
