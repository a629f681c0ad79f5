import { join } from 'node:path';
import { type RawLine, readLines } from './read-lines.ts';
import { fileSize, segmentName } from './segment-files.ts';

/**
 * Complete lines of a log folder in order, unchecked; ends at a line that is cut or at the first segment that is not
 * there. The bytes of a line are valid only until the next one is asked for. Throws if a file cannot be read.
 */
export async function* rawLines(logDir: string): AsyncGenerator<RawLine> {
  for (let segment = 0; fileSize(logDir, segmentName(segment)) > 0; segment += 1) {
    for await (const batch of readLines(join(logDir, segmentName(segment)), 0)) {
      for (const raw of batch) {
        if (raw.partial) return;
        yield raw;
      }
    }
  }
}
