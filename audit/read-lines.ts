import { open } from 'node:fs/promises';
import { MAX_LINE_BYTES } from './entry-line.ts';

/** `partial`: the file ended, or 64 KiB passed, without a newline; nothing follows it. */
export type RawLine = { bytes: Buffer; at: number; partial: boolean };

const CHUNK = 64 * 1024;

/**
 * Lines of a file from byte `from` up to byte `to` (default: its end), without their newlines, one batch per chunk read. The bytes of a batch are valid
 * only until the next one is asked for. Constant memory whatever the file holds. Throws if the file cannot be read.
 */
export async function* readLines(
  path: string,
  from: number,
  to = Number.POSITIVE_INFINITY,
): AsyncGenerator<readonly RawLine[]> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(CHUNK + MAX_LINE_BYTES);
    let base = from;
    let held = 0;
    for (;;) {
      const want = Math.min(buffer.length - held, to - base - held);
      const { bytesRead } = await file.read(buffer, held, want, base + held);
      const filled = held + bytesRead;
      const { lines, used } = splitLines(buffer.subarray(0, filled), base);
      if (bytesRead === 0 || (used === 0 && filled === buffer.length)) {
        if (filled > 0) yield [{ bytes: buffer.subarray(0, filled), at: base, partial: true }];
        return;
      }
      if (lines.length > 0) yield lines;
      buffer.copyWithin(0, used, filled);
      held = filled - used;
      base += used;
    }
  } finally {
    await file.close();
  }
}

function splitLines(bytes: Buffer, base: number): { lines: RawLine[]; used: number } {
  const lines: RawLine[] = [];
  let used = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, used)) {
    lines.push({ bytes: bytes.subarray(used, end), at: base + used, partial: false });
    used = end + 1;
  }
  return { lines, used };
}
