import { join } from 'node:path';
import { isCheckpointLine, noteInLine, parseCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './log.ts';
import { readLines } from './read-lines.ts';
import { countSegments, segmentName } from './segment-files.ts';
import { logDirOf } from './verify.ts';

/**
 * The last checkpoint in the files of a data directory or log folder, unverified; undefined when there is none. Throws
 * if a file cannot be read.
 */
export async function newestCheckpoint(dir: string): Promise<Checkpoint | undefined> {
  const logDir = logDirOf(dir);
  const segments = countSegments(logDir, segmentName);
  const count = segments.kind === 'ok' ? segments.count : segments.segment;
  for (let segment = count - 1; segment >= 0; segment -= 1) {
    const found = await lastIn(join(logDir, segmentName(segment)));
    if (found) return found;
  }
  return undefined;
}

async function lastIn(path: string): Promise<Checkpoint | undefined> {
  let last: Checkpoint | undefined;
  for await (const batch of readLines(path, 0)) {
    for (const { bytes } of batch) {
      if (!isCheckpointLine(bytes)) continue;
      last = parseCheckpoint(noteInLine(bytes.toString('utf8')) ?? '') ?? last;
    }
  }
  return last;
}
