import { CHECKPOINT_START } from './checkpoint.ts';
import { MAX_LINE_BYTES, parseEntryLine } from './entry-line.ts';

/** More than one group commit can write: a longer tail was not left by a crash. */
export const MAX_TAIL_BYTES = 8 * 1024 * 1024;

const SECTOR = 512;
const ENTRY_START = '{"actor":';

/**
 * Whether a crash during one group commit can have left these bytes behind the last valid checkpoint: whole entries,
 * then at most one cut line, or sectors that were never written (NUL) in between. A complete checkpoint is never part
 * of it, unless unwritten sectors of its own group lie before it. `at` is the tail's offset in the segment, `seq` the
 * next sequence number.
 */
export function isCrashTail(tail: Buffer, at: number, seq: number): boolean {
  if (tail.length > MAX_TAIL_BYTES) return false;
  const hole = tail.indexOf(0);
  if (hole < 0) return isCutGroup(tail, seq);
  const rest = tail.subarray(hole).findIndex((byte) => byte !== 0);
  const end = rest < 0 ? tail.length : hole + rest;
  const startsAtSector = hole === 0 || (at + hole) % SECTOR === 0;
  const endsAtSector = end === tail.length || (at + end) % SECTOR === 0;
  if (!startsAtSector || !endsAtSector) return false;
  return isCutGroup(tail.subarray(0, hole), seq) && isLastGroup(tail.subarray(end));
}

function isCutGroup(bytes: Buffer, seq: number): boolean {
  let from = 0;
  let next = seq;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
    const parsed = parseEntryLine(bytes.subarray(from, end));
    if (parsed.kind === 'bad' || parsed.entry.seq !== next) return false;
    next += 1;
    from = end + 1;
  }
  return isCutLine(bytes.subarray(from));
}

/** Beginning of a line we could have written: right first bytes, and nothing behind the closing brace. */
function isCutLine(bytes: Buffer): boolean {
  if (bytes.length > MAX_LINE_BYTES) return false;
  const text = bytes.toString('latin1');
  const starts = [ENTRY_START, CHECKPOINT_START];
  if (!starts.some((start) => text.startsWith(start) || start.startsWith(text))) return false;
  const end = closingBrace(text);
  return end < 0 || end === text.length - 1;
}

function closingBrace(text: string): number {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (quoted && char === '\\') i += 1;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && char === '{') depth += 1;
    else if (!quoted && char === '}') depth -= 1;
    if (depth === 0) return i;
  }
  return -1;
}

/** A checkpoint may only be the last line: behind one, a later group would follow, and groups are synced one by one. */
function isLastGroup(bytes: Buffer): boolean {
  const checkpoint = bytes.indexOf(CHECKPOINT_START);
  if (checkpoint < 0) return true;
  const end = bytes.indexOf(10, checkpoint);
  return end < 0 || end === bytes.length - 1;
}
