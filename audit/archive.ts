import { closeSync, constants, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createPrivateFile, makePrivateDir, readIfThere, syncDir } from './private-files.ts';
import { fileSize, payloadSegmentName, segmentName } from './segment-files.ts';
import { logDirOf, type Verified, verifyLog } from './verify.ts';

export type Archived =
  | { kind: 'archived'; verified: Extract<Verified, { kind: 'ok' }>; bytes: number }
  /** Which of the two does not verify, or that the archive holds another history. */
  | { kind: 'bad'; where: 'log' | 'archive'; reason: string };

const CHUNK = 1024 * 1024;

/**
 * Copies a log up to its newest checkpoint into a folder, or brings an earlier copy in that folder up to date, and
 * verifies both. Nothing is removed from the log, and nothing that the archive holds is overwritten: an archive that is
 * not the beginning of this log is refused. Works while the log is written. Throws if a file cannot be read or written.
 */
export async function archiveLog(options: {
  dir: string;
  to: string;
  publicKey?: string;
  unique: string;
}): Promise<Archived> {
  const logDir = logDirOf(options.dir);
  const key = options.publicKey === undefined ? {} : { publicKey: options.publicKey };
  const verified = await verifyLog({ dir: logDir, ...key });
  if (verified.kind === 'bad') return { kind: 'bad', where: 'log', reason: reasonOf(verified) };
  const { to } = options;
  makePrivateDir(to);
  const pub = readIfThere(join(logDir, 'log.pub')) ?? Buffer.alloc(0);
  if (
    !createPrivateFile(join(to, 'log.pub'), pub, options.unique) &&
    !readIfThere(join(to, 'log.pub'))?.equals(pub)
  )
    return other('log.pub');
  let bytes = 0;
  for (const { name, length } of filesUpTo(logDir, verified)) {
    const copied = copyRest({ from: join(logDir, name), to: join(to, name), length });
    if (copied === undefined) return other(name);
    bytes += copied;
  }
  syncDir(to);
  const copy = await verifyLog({ dir: to, ...key });
  if (copy.kind === 'bad') return { kind: 'bad', where: 'archive', reason: reasonOf(copy) };
  if (copy.entries !== verified.entries || copy.root !== verified.root) return other('its newest checkpoint');
  return { kind: 'archived', verified: copy, bytes };
}

function other(what: string): Archived {
  return { kind: 'bad', where: 'archive', reason: `it is not the beginning of this log: ${what} differs` };
}

function reasonOf({ segment, line, entry, reason }: Extract<Verified, { kind: 'bad' }>): string {
  return `${reason}, at entry ${entry} (${segment} line ${line})`;
}

/** Payloads before the entries that name them, so that a copy that was cut short still verifies. */
function filesUpTo(
  logDir: string,
  { end, payloadEnd }: Extract<Verified, { kind: 'ok' }>,
): { name: string; length: number }[] {
  const upTo = (last: number, at: number, nameOf: (segment: number) => string) =>
    Array.from({ length: last + 1 }, (_, segment) => ({
      name: nameOf(segment),
      length: segment === last ? at : fileSize(logDir, nameOf(segment)),
    }));
  const payloads = upTo(payloadEnd.segment, payloadEnd.at, payloadSegmentName);
  return [...payloads.filter(({ length }) => length > 0), ...upTo(end.segment, end.at, segmentName)];
}

/** Bytes copied; undefined when what is there is longer than it should be, or differs. */
function copyRest({ from, to, length }: { from: string; to: string; length: number }): number | undefined {
  const source = openSync(from, 'r');
  const target = openSync(to, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    const [wanted, found] = [Buffer.alloc(CHUNK), Buffer.alloc(CHUNK)];
    let copied = 0;
    for (let at = 0; at < length; ) {
      const read = readSync(source, wanted, 0, Math.min(CHUNK, length - at), at);
      if (read === 0) return undefined;
      const there = readSync(target, found, 0, read, at);
      if (!found.subarray(0, there).equals(wanted.subarray(0, there))) return undefined;
      if (there < read) writeAll(target, wanted.subarray(there, read), at + there);
      copied += read - there;
      at += read;
    }
    if (readSync(target, found, 0, 1, length) > 0) return undefined;
    fsyncSync(target);
    return copied;
  } finally {
    closeSync(source);
    closeSync(target);
  }
}

function writeAll(fd: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, at + done);
  }
}
