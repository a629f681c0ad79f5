import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '#core/clock.ts';
import { checkpointLine } from './checkpoint.ts';
import type { Group } from './committer.ts';
import type { Disk } from './disk.ts';
import { syncDir } from './private-files.ts';
import { type Position, payloadSegmentName, segmentName } from './segment-files.ts';
import type { Frame } from './stage.ts';

export type WrittenGroup = { start: Position; checkpointAt: number; end: Position };

export type SegmentWriter = {
  /** Payloads first, synced, then lines and checkpoint with one sync. Undefined when it is durable already. */
  write(group: Group): Promise<void> | undefined;
  /** Behind the last durable group: where the next one goes. */
  end(): Position;
  /** Where the last group went. */
  last(): WrittenGroup;
  close(): void;
};

export type SegmentWriterOptions = {
  logDir: string;
  disk: Disk;
  clock: Clock;
  segmentBytes: number;
  /** Behind the last checkpoint. */
  from: Position;
};

/** Below this, blocking for a sync is cheaper than the way to the thread pool and back, and nobody notices. */
const FAST_DISK_MS = 2;

/**
 * Writes groups behind `from`. While the disk answers within 2 ms on average it is called directly; a slower one is
 * waited for, and appends collect in bigger groups meanwhile. Not to be called again before the promise settles.
 */
export function createSegmentWriter(options: SegmentWriterOptions): SegmentWriter {
  const { logDir, disk, clock } = options;
  let log = { segment: options.from.segment, fd: openSegment(logDir, segmentName(options.from.segment)) };
  let payload: { segment: number; fd: number } | undefined;
  let position = options.from;
  let last: WrittenGroup = { start: position, checkpointAt: position.at, end: position };
  let meanMs = 0;

  const payloadFd = (segment: number): number => {
    if (payload?.segment === segment) return payload.fd;
    if (payload) closeSync(payload.fd);
    payload = undefined;
    payload = { segment, fd: openSegment(logDir, payloadSegmentName(segment)) };
    return payload.fd;
  };

  const rotate = (): void => {
    const segment = position.segment + 1;
    const fd = openSegment(logDir, segmentName(segment));
    closeSync(log.fd);
    log = { segment, fd };
    position = { segment, at: 0, line: 0 };
  };

  /** One step at a time, because a payload segment is closed when the next one is opened. */
  function* steps(group: Group): Generator<{ fd: number; bytes: Buffer; at: number }> {
    for (const run of runsOf(group.frames)) {
      const bytes = Buffer.concat(run.frames.map((frame) => frame.bytes));
      yield { fd: payloadFd(run.segment), bytes, at: run.at };
    }
    if (position.at >= options.segmentBytes) rotate();
    const checkpoint = Buffer.from(`${checkpointLine(group.checkpoint.note)}\n`);
    const bytes = Buffer.concat([...group.lines, checkpoint]);
    yield { fd: log.fd, bytes, at: position.at };
    const { segment, at, line } = position;
    const end = { segment, at: at + bytes.length, line: line + group.lines.length + 1 };
    last = { start: position, checkpointAt: end.at - checkpoint.length, end };
    position = end;
  }

  const writeNow = (group: Group): void => {
    for (const { fd, bytes, at } of steps(group)) {
      disk.write(fd, bytes, at);
      disk.sync(fd);
    }
  };
  const writeLater = async (group: Group, began: number): Promise<void> => {
    for (const { fd, bytes, at } of steps(group)) {
      await disk.writeLater(fd, bytes, at);
      await disk.syncLater(fd);
    }
    measure(began);
  };
  const measure = (began: number): void => {
    meanMs += (clock.mono() - began - meanMs) / 8;
  };

  return {
    write: (group) => {
      const began = clock.mono();
      if (meanMs > FAST_DISK_MS) return writeLater(group, began);
      writeNow(group);
      measure(began);
      return undefined;
    },
    end: () => position,
    last: () => last,
    close: () => {
      closeSync(log.fd);
      if (payload) closeSync(payload.fd);
    },
  };
}

/** Opens for writing at any place, creates (0600) if needed, and makes the name durable. */
function openSegment(logDir: string, name: string): number {
  const fd = openSync(join(logDir, name), constants.O_CREAT | constants.O_WRONLY, 0o600);
  syncDir(logDir);
  return fd;
}

/** Frames that lie side by side in one segment, to be written at once. */
function runsOf(frames: readonly Frame[]): { segment: number; at: number; frames: Frame[] }[] {
  const runs: { segment: number; at: number; frames: Frame[] }[] = [];
  for (const frame of frames) {
    const run = runs.at(-1);
    if (run?.segment === frame.segment) run.frames.push(frame);
    else runs.push({ segment: frame.segment, at: frame.at, frames: [frame] });
  }
  return runs;
}
