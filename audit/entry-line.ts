import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { canonical, type JsonObject } from '#core/canonical.ts';
import { FirebreakError } from '#core/errors.ts';
import { Digest, IncidentId, SessionKey } from '#core/ids.ts';
import type { Entry } from './log.ts';

/** Longest line of a segment, without its newline. */
export const MAX_LINE_BYTES = 16 * 1024;

const count = z.int().nonnegative();
const PayloadRefShape = z.strictObject({
  id: z.string(),
  segment: count,
  at: count,
  bytes: count,
  sha256: Digest,
});

const EntryShape = z.strictObject({
  v: z.literal(1),
  seq: count,
  ts: count,
  streams: z.array(z.string()),
  incidentId: IncidentId.exactOptional(),
  sessionId: SessionKey.exactOptional(),
  traceId: z.string(),
  actor: z.strictObject({ kind: z.enum(['agent', 'person', 'system', 'source']), id: z.string() }),
  kind: z.string(),
  body: z.custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value)),
  payloads: z.array(PayloadRefShape),
});

export type ParsedLine = { kind: 'ok'; entry: Entry } | { kind: 'bad'; reason: string };

/** Line of an entry, newline included. Throws `json_invalid` if it is not canonical or longer than 16 KiB. */
export function entryLine(entry: Entry): Buffer {
  const line = Buffer.from(`${canonical(entry)}\n`);
  if (line.length - 1 > MAX_LINE_BYTES) {
    throw new FirebreakError(
      'json_invalid',
      `entry ${entry.kind} takes ${line.length - 1} bytes, the limit is ${MAX_LINE_BYTES}`,
    );
  }
  return line;
}

/** Reads a line (without newline) that anybody may have written: only the exact bytes `entryLine` makes are `ok`. */
export function parseEntryLine(bytes: Buffer): ParsedLine {
  if (bytes.length > MAX_LINE_BYTES) return { kind: 'bad', reason: 'line is too long' };
  if (!isUtf8(bytes)) return { kind: 'bad', reason: 'line is not UTF-8' };
  const text = bytes.toString('utf8');
  try {
    const value = JSON.parse(text);
    const parsed = EntryShape.safeParse(value);
    if (!parsed.success) return { kind: 'bad', reason: 'line is not a log entry' };
    if (canonical(value) !== text) return { kind: 'bad', reason: 'line is not canonical' };
    return { kind: 'ok', entry: parsed.data };
  } catch {
    return { kind: 'bad', reason: 'line is not canonical JSON' };
  }
}
