import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import type { PayloadEnd } from './chain.ts';
import type { Disk } from './disk.ts';
import { cutFile, cutPayloads } from './recover.ts';
import { type Position, segmentName } from './segment-files.ts';

/** Room that must be there before a full disk counts as usable again. */
const PROBE = Buffer.alloc(256 * 1024);

/**
 * Cuts what a failed write can have left behind the last durable group, then writes and removes a probe behind it: NUL
 * bytes, which a crash may leave there. True when the disk did all of that.
 */
export function mendTail(tail: {
  logDir: string;
  end: Position;
  payloadEnd: PayloadEnd;
  disk: Disk;
}): boolean {
  const { logDir, end, payloadEnd, disk } = tail;
  const name = segmentName(end.segment);
  try {
    cutFile(logDir, name, end.at);
    cutPayloads(logDir, payloadEnd);
    const fd = openSync(join(logDir, name), constants.O_CREAT | constants.O_WRONLY, 0o600);
    try {
      disk.write(fd, PROBE, end.at);
      disk.sync(fd);
    } finally {
      closeSync(fd);
      cutFile(logDir, name, end.at);
    }
    return true;
  } catch {
    return false;
  }
}
