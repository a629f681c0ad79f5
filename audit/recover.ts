import { closeSync, constants, existsSync, fsyncSync, ftruncateSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FirebreakError } from '#core/errors.ts';
import { type Chain, newChain, type PayloadEnd } from './chain.ts';
import type { Fold } from './fold.ts';
import { trailingBytes } from './payload-check.ts';
import { syncDir } from './private-files.ts';
import { type BadLog, type Scanned, scanLog } from './scan.ts';
import { countSegments, fileSize, type Position, payloadSegmentName, segmentName } from './segment-files.ts';
import { addToIndex, type SeqIndex } from './seq-index.ts';
import type { NoteVerifier } from './signed-note.ts';
import { type Claim, chainOf, claimOf, loadFolds, readSnapshot, type Snapshot } from './snapshot.ts';
import { createStreamVersions, type StreamVersions } from './stream-versions.ts';

/** A log as it stands on disk, ready to be continued. */
export type Recovered = {
  kind: 'ok';
  chain: Chain;
  /** Behind the last checkpoint, which begins at `checkpointAt` in the same segment. */
  end: Position;
  checkpointAt: number;
  versions: StreamVersions;
  index: SeqIndex;
  /** Entries that were read; the rest came from the snapshot. */
  replayed: number;
  /** What the snapshot claimed, for verification; undefined when none was used. */
  claimed: Claim | undefined;
  /** Bytes that a crash left, now gone. */
  cut: { bytes: number; payloadBytes: number };
};

export type RecoverOptions = {
  logDir: string;
  cacheDir: string;
  keys: {
    /** The first key of the log, with which reading from the beginning starts. */
    first: NoteVerifier;
    /** The key that is at hand; a snapshot must have been signed by it. */
    newest: NoteVerifier;
    /** The key that may have taken over at the very end. */
    next: NoteVerifier | undefined;
  };
  /** Whether the log had entries before: then it cannot be empty now. */
  begun: boolean;
  folds: readonly Fold[];
};

/**
 * Reads the log behind the newest usable snapshot (all of it, if there is none) into the folds, and cuts what a crash
 * can have left. Gives what is wrong if anything else is wrong with what was read; then nothing was cut, and the folds
 * hold part of the log.
 */
export async function recoverLog(options: RecoverOptions): Promise<Recovered | BadLog> {
  const recovered = await startOf(options);
  if (fileSize(options.logDir, segmentName(0)) === 0 && !options.begun) return recovered;
  const from = recovered.chain.frontier.size;
  const scanned = await scanLog({
    logDir: options.logDir,
    chain: recovered.chain,
    from: recovered.end,
    signatures: 'newest',
    onGroup: ({ entries, start, checkpointAt }) => {
      recovered.checkpointAt = checkpointAt;
      addToIndex(recovered.index, entries[0]?.seq ?? 0, start);
      for (const entry of entries) {
        for (const stream of entry.streams) recovered.versions.add(stream);
        for (const fold of options.folds) fold.apply(entry);
      }
      return undefined;
    },
  });
  if (scanned.kind === 'bad') return scanned;
  const missing = missingEnd(options, scanned, recovered.chain);
  if (missing) return missing;
  recovered.end = scanned.end;
  recovered.replayed = recovered.chain.frontier.size - from;
  recovered.cut = cutTails(options.logDir, scanned, recovered.chain);
  return recovered;
}

async function startOf(options: RecoverOptions): Promise<Recovered> {
  const { folds, keys, logDir } = options;
  const snapshot = await readSnapshot(options.cacheDir, keys.newest);
  const chain = snapshot && (await chainOf(snapshot, { logDir, verifier: keys.newest }));
  if (snapshot && chain && loadFolds(folds, snapshot.folds)) return startAt(snapshot, chain);
  for (const fold of folds) fold.reset();
  return {
    kind: 'ok',
    chain: newChain(keys.first),
    end: { segment: 0, at: 0, line: 0 },
    checkpointAt: 0,
    versions: createStreamVersions(),
    index: [],
    replayed: 0,
    claimed: undefined,
    cut: { bytes: 0, payloadBytes: 0 },
  };
}

function startAt(snapshot: Snapshot, chain: Chain): Recovered {
  return {
    kind: 'ok',
    chain,
    end: snapshot.end,
    checkpointAt: snapshot.checkpointAt,
    versions: createStreamVersions(snapshot.streams),
    index: snapshot.index,
    replayed: 0,
    claimed: claimOf(snapshot),
    cut: { bytes: 0, payloadBytes: 0 },
  };
}

/** What a tampered log is thrown as: segment, line, first bad entry and reason in one line. */
export function tampered(bad: BadLog): FirebreakError {
  const message = `${bad.segment} line ${bad.line}, first bad entry ${bad.entry}: ${bad.reason}`;
  return new FirebreakError('log_tampered', message, { next: 'ask' });
}

/** What was there before for certain, and is not any more. */
function missingEnd(
  { logDir, keys, begun }: RecoverOptions,
  { end }: Scanned,
  { payloadEnd, frontier, verifier }: Chain,
): BadLog | undefined {
  const { size } = frontier;
  const missing = { kind: 'bad', segment: segmentName(end.segment), line: end.line, entry: size } as const;
  if (size === 0 && begun) return { ...missing, reason: 'all entries are gone' };
  if (verifier.key !== keys.newest.key && verifier.key !== keys.next?.key) {
    return { ...missing, reason: 'the log ends before, or goes on behind, the key that signs it' };
  }
  if (trailingBytes(logDir, payloadEnd) >= 0) return undefined;
  const segment = payloadSegmentName(payloadEnd.segment);
  return { ...missing, segment, entry: size - 1, reason: 'payloads are missing at the end' };
}

function cutTails(logDir: string, scanned: Scanned, chain: Chain): Recovered['cut'] {
  const { payloadEnd } = chain;
  const payloadBytes = trailingBytes(logDir, payloadEnd);
  if (scanned.unsealed > 0) cutFile(logDir, segmentName(scanned.end.segment), scanned.end.at);
  if (payloadBytes > 0) cutPayloads(logDir, payloadEnd);
  return { bytes: scanned.unsealed, payloadBytes };
}

/** Removes payload bytes behind `end`, durably. Throws if the disk does. */
export function cutPayloads(logDir: string, end: PayloadEnd): void {
  const segments = countSegments(logDir, payloadSegmentName);
  const count = segments.kind === 'ok' ? segments.count : segments.segment;
  for (let later = count - 1; later > end.segment; later -= 1)
    rmSync(join(logDir, payloadSegmentName(later)));
  cutFile(logDir, payloadSegmentName(end.segment), end.at);
  syncDir(logDir);
}

/** Shortens a file, durably; does nothing when there is none. Throws if the disk does. */
export function cutFile(logDir: string, name: string, length: number): void {
  if (!existsSync(join(logDir, name))) return;
  const fd = openSync(join(logDir, name), constants.O_WRONLY);
  try {
    ftruncateSync(fd, length);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
