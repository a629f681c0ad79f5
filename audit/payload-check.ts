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

/** Opens nothing yet. Each method throws only if a file that exists cannot be read. */
export function createPayloadCheck(logDir: string): PayloadCheck {
  const buffer = Buffer.allocUnsafe(CHUNK);
  let current: { segment: number; end: number; file: FileHandle } | undefined;

  const leave = async (): Promise<string | undefined> => {
    if (!current) return undefined;
    const { segment, end, file } = current;
    current = undefined;
    await file.close();
    const name = payloadSegmentName(segment);
    return fileSize(logDir, name) === end ? undefined : `${name} holds bytes that no entry names`;
  };

  const check = async (ref: PayloadRef): Promise<string | undefined> => {
    const name = payloadSegmentName(ref.segment);
    if (fileSize(logDir, name) < ref.at + ref.bytes) return `${name} ends before payload ${ref.id}`;
    if (current?.segment !== ref.segment) {
      const leftOver = await leave();
      if (leftOver !== undefined) return leftOver;
      current = { segment: ref.segment, end: ref.at, file: await open(join(logDir, name), 'r') };
    }
    current.end = ref.at + ref.bytes;
    const digest = await digestOf({ file: current.file, at: ref.at, bytes: ref.bytes, buffer });
    return digest === ref.sha256 ? undefined : `payload ${ref.id} does not match its digest`;
  };

  return {
    check,
    trailing: (end) => trailingBytes(logDir, end),
    close: async () => void (await leave()),
  };
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

type Piece = { file: FileHandle; at: number; bytes: number; buffer: Buffer };

async function digestOf(piece: Piece): Promise<string> {
  const digest = createHash('sha256');
  for (let done = 0; done < piece.bytes; ) {
    const want = Math.min(CHUNK, piece.bytes - done);
    const { bytesRead } = await piece.file.read(piece.buffer, 0, want, piece.at + done);
    if (bytesRead === 0) break;
    digest.update(piece.buffer.subarray(0, bytesRead));
    done += bytesRead;
  }
  return digest.digest('hex');
}
