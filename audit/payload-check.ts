import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { PayloadEnd } from './chain.ts';
import type { PayloadRef } from './log.ts';
import { countSegments, fileSize, payloadSegmentName } from './segment-files.ts';

/** Compares ciphertexts with what entries say, in log order. A returned text is the reason why one is bad. */
export type PayloadCheck = {
  check(ref: PayloadRef): Promise<string | undefined>;
  /** Bytes behind `end` that no entry names, in any later segment too. */
  trailing(end: PayloadEnd): number;
  close(): Promise<void>;
};

const CHUNK = 256 * 1024;

/** An open segment: payload bytes up to `end` were checked, and `length` bytes from `at` on are in the window. */
type Open = { segment: number; file: FileHandle; end: number; at: number; length: number };

/** Opens nothing yet. Each method throws only if a file that exists cannot be read. */
export function createPayloadCheck(logDir: string): PayloadCheck {
  const window = Buffer.allocUnsafe(CHUNK);
  let current: Open | undefined;

  const leave = async (): Promise<string | undefined> => {
    if (!current) return undefined;
    const { segment, end, file } = current;
    current = undefined;
    await file.close();
    const name = payloadSegmentName(segment);
    return fileSize(logDir, name) === end ? undefined : `${name} holds bytes that no entry names`;
  };

  /** Enters the segment of a payload; a returned text is the reason why the one before, or this one, is bad. */
  const enter = async (ref: PayloadRef): Promise<string | undefined> => {
    const leftOver = await leave();
    if (leftOver !== undefined) return leftOver;
    const name = payloadSegmentName(ref.segment);
    if (fileSize(logDir, name) < ref.at + ref.bytes) return `${name} ends before payload ${ref.id}`;
    const file = await open(join(logDir, name), 'r');
    current = { segment: ref.segment, file, end: ref.at, at: 0, length: 0 };
    return undefined;
  };

  const check = async (ref: PayloadRef): Promise<string | undefined> => {
    const bad = current?.segment === ref.segment ? undefined : await enter(ref);
    if (bad !== undefined || !current) return bad;
    current.end = ref.at + ref.bytes;
    if ((await digestOf(current, window, ref)) === ref.sha256) return undefined;
    // The window may hold what a writer had half written when it was read.
    current.length = 0;
    const digest = await digestOf(current, window, ref);
    if (digest === ref.sha256) return undefined;
    const name = payloadSegmentName(ref.segment);
    return digest === undefined
      ? `${name} ends before payload ${ref.id}`
      : `payload ${ref.id} does not match its digest`;
  };

  return {
    check,
    trailing: (end) => trailingBytes(logDir, end),
    close: async () => void (await leave()),
  };
}

/** Digest of one payload, read through the window; undefined when the file ends before it does. */
async function digestOf(open: Open, window: Buffer, ref: PayloadRef): Promise<string | undefined> {
  const digest = createHash('sha256');
  for (let at = ref.at; at < ref.at + ref.bytes; ) {
    if (at < open.at || at >= open.at + open.length) {
      open.at = at;
      open.length = (await open.file.read(window, 0, CHUNK, at)).bytesRead;
      if (open.length === 0) return undefined;
    }
    const piece = window.subarray(at - open.at, Math.min(open.length, ref.at + ref.bytes - open.at));
    digest.update(piece);
    at += piece.length;
  }
  return digest.digest('hex');
}

/** Bytes in payload segments behind `end`; what a crash between payload and entry leaves. */
export function trailingBytes(logDir: string, end: PayloadEnd): number {
  const segments = countSegments(logDir, payloadSegmentName);
  const count = segments.kind === 'ok' ? segments.count : segments.segment;
  let bytes = fileSize(logDir, payloadSegmentName(end.segment)) - end.at;
  for (let later = end.segment + 1; later < count; later += 1) {
    bytes += fileSize(logDir, payloadSegmentName(later));
  }
  return bytes;
}
