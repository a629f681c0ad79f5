import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Chain, cutLine, type Step, stepChain } from './chain.ts';
import { isCrashTail, MAX_TAIL_BYTES } from './crash-tail.ts';
import type { Checkpoint, Entry } from './log.ts';
import { type RawLine, readLines } from './read-lines.ts';
import { countSegments, fileSize, type Position, segmentName } from './segment-files.ts';
import type { NoteVerifier } from './signed-note.ts';

/** The first thing found wrong. `entry` is the first entry that is no longer proved. */
export type BadLog = { kind: 'bad'; segment: string; line: number; entry: number; reason: string };

/** Entries under one checkpoint. `end` lies behind the checkpoint, which begins at `checkpointAt`. */
export type SealedGroup = {
  entries: readonly Entry[];
  checkpoint: Checkpoint;
  signedBy: NoteVerifier;
  start: Position;
  checkpointAt: number;
  end: Position;
};

export type Scanned = {
  kind: 'ok';
  /** Behind the last checkpoint. */
  end: Position;
  checkpoints: number;
  /** Bytes behind it that a crash can have left, all in the last segment. */
  unsealed: number;
};

export type Scan = {
  logDir: string;
  chain: Chain;
  from: Position;
  /**
   * Check every signature, or only the newest 2000, which cover all entries before them, and those of every change of
   * key, without which nobody knows whose the newest are.
   */
  signatures: 'all' | 'newest';
  /** Stop at this size, which must be that of a checkpoint. */
  upTo?: number;
  /** Called for each group in order, before its signature is checked; a returned value means the group is bad. */
  onGroup?(group: SealedGroup): undefined | Promise<BadLog | undefined>;
};

/** `handsOver`: the group changes the key. */
type Signed = { handsOver: boolean; text: string; note: string; verifier: NoteVerifier; bad: BadLog };
/** `size` is that of the present segment when its reading began: a live log grows meanwhile. */
type Progress = { sealed: Position; size: number; checkpoints: number; signed: Signed[] };

const IN_FLIGHT = 64;
const NEWEST = 2000;

/**
 * Reads a log from a checkpoint on and checks everything that one can see without its payloads. Streams; async reads,
 * and signatures on the thread pool, leave the event loop free. Throws only if a file cannot be read.
 */
export async function scanLog(scan: Scan): Promise<Scanned | BadLog> {
  const progress: Progress = { sealed: scan.from, size: 0, checkpoints: 0, signed: [] };
  const segments = countSegments(scan.logDir, segmentName);
  const bad = await scanSegments(scan, progress);
  const found = (await firstForged(progress.signed)) ?? bad;
  if (found) return found;
  if (segments.kind === 'missing') {
    const segment = segmentName(segments.segment);
    return { kind: 'bad', segment, line: 0, entry: scan.chain.frontier.size, reason: 'segment is missing' };
  }
  const { sealed, checkpoints } = progress;
  const unsealed = scan.upTo === undefined ? progress.size - sealed.at : 0;
  return { kind: 'ok', end: sealed, checkpoints, unsealed };
}

async function scanSegments(scan: Scan, progress: Progress): Promise<BadLog | undefined> {
  for (let segment = scan.from.segment; ; segment += 1) {
    const last = fileSize(scan.logDir, segmentName(segment + 1)) === 0;
    progress.size = fileSize(scan.logDir, segmentName(segment));
    const found = await scanSegment(scan, progress, segment);
    const forgiven = found?.cause === 'unsealed' && last && (await isLeftByCrash(scan, progress));
    if (found && !forgiven) return found.bad;
    if (forgiven) scan.chain.group = [];
    if (last || isDone(scan)) return undefined;
    progress.sealed = { segment: segment + 1, at: 0, line: 0 };
  }
}

/** What lies behind the last checkpoint may be the work of a crash; what is wrong under one may not. */
type Found = { cause: 'unsealed' | 'sealed'; bad: BadLog };

async function scanSegment(scan: Scan, progress: Progress, segment: number): Promise<Found | undefined> {
  const { at, line: linesBefore } = progress.sealed;
  let line = linesBefore;
  for await (const batch of readLines(join(scan.logDir, segmentName(segment)), at, progress.size)) {
    for (const raw of batch) {
      line += 1;
      const found = await takeLine(scan, progress, { raw, segment, line });
      if (found) return found;
      if (isDone(scan)) return undefined;
    }
  }
  if (scan.chain.group.length === 0) return undefined;
  const entry = scan.chain.frontier.size;
  const reason = 'no checkpoint at the end';
  return { cause: 'unsealed', bad: { kind: 'bad', segment: segmentName(segment), line, entry, reason } };
}

type Place = { raw: RawLine; segment: number; line: number };

async function takeLine(scan: Scan, progress: Progress, place: Place): Promise<Found | undefined> {
  const { raw, segment, line } = place;
  const first = scan.chain.frontier.size;
  const step: Step = raw.partial ? cutLine(scan.chain, raw.bytes) : stepChain(scan.chain, raw.bytes);
  if (step.kind === 'entry') return undefined;
  const badAt = { kind: 'bad', segment: segmentName(segment), line } as const;
  if (step.kind === 'bad') {
    return { cause: 'unsealed', bad: { ...badAt, entry: step.entry, reason: step.reason } };
  }
  const { checkpoint, entries, text, verifier } = step;
  const end = { segment, at: raw.at + raw.bytes.length + 1, line };
  const start = progress.sealed;
  progress.sealed = end;
  progress.checkpoints += 1;
  progress.signed.push({
    text,
    note: checkpoint.note,
    verifier,
    handsOver: scan.chain.verifier !== verifier,
    bad: { ...badAt, entry: first, reason: 'signature of the checkpoint is wrong' },
  });
  const bad =
    (await scan.onGroup?.({ entries, checkpoint, signedBy: verifier, start, checkpointAt: raw.at, end })) ??
    (await settleSignatures(scan, progress));
  return bad && { cause: 'sealed', bad };
}

async function settleSignatures(scan: Scan, progress: Progress): Promise<BadLog | undefined> {
  if (scan.signatures === 'newest') {
    if (progress.signed.length < 2 * NEWEST) return undefined;
    const old = progress.signed.splice(0, NEWEST);
    return firstForged(old.filter(({ handsOver }) => handsOver));
  }
  if (progress.signed.length < IN_FLIGHT) return undefined;
  return firstForged(progress.signed.splice(0));
}

async function firstForged(signed: readonly Signed[]): Promise<BadLog | undefined> {
  const genuine = await Promise.all(signed.map(({ verifier, text, note }) => verifier.verify(text, note)));
  return signed[genuine.indexOf(false)]?.bad;
}

async function isLeftByCrash(scan: Scan, progress: Progress): Promise<boolean> {
  const { sealed, size } = progress;
  const name = segmentName(sealed.segment);
  const length = size - sealed.at;
  if (length > MAX_TAIL_BYTES) return false;
  const tail = Buffer.alloc(length);
  const file = await open(join(scan.logDir, name), 'r');
  try {
    const { bytesRead } = await file.read(tail, 0, length, sealed.at);
    return isCrashTail(tail.subarray(0, bytesRead), sealed.at, scan.chain.frontier.size);
  } finally {
    await file.close();
  }
}

function isDone(scan: Scan): boolean {
  return scan.upTo !== undefined && scan.chain.frontier.size >= scan.upTo && scan.chain.group.length === 0;
}
