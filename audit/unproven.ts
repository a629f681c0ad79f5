import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseEntryLine } from './entry-line.ts';
import type { Entry } from './log.ts';
import { type RawLine, readLines } from './read-lines.ts';

/**
 * Every line of a damaged log folder that reads as an entry from `from` on, whatever stands before, between or behind
 * them. Nothing proves these entries: whoever can write the files may have made them up, so they may only lead to
 * warnings and stops, never to a permission. Constant memory. Throws if a file cannot be read.
 */
export async function* unprovenEntries(logDir: string, from: number): AsyncGenerator<Entry> {
  const names = readdirSync(logDir).filter((name) => /^\d{8}\.jsonl$/.test(name));
  for (const name of names.sort()) {
    const path = join(logDir, name);
    if (!statSync(path).isFile()) continue;
    for await (const { bytes } of everyLine(path)) {
      const line = parseEntryLine(bytes);
      if (line.kind === 'ok' && line.entry.seq >= from) yield line.entry;
    }
  }
}

/** Goes on behind a line that is too long to be held, of which pieces are given. */
async function* everyLine(path: string): AsyncGenerator<RawLine> {
  const { size } = statSync(path);
  for (let at = 0; at < size; ) {
    for await (const batch of readLines(path, at, size)) {
      for (const line of batch) {
        yield line;
        at = line.at + line.bytes.length + 1;
      }
    }
  }
}
