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
  verifier: NoteVerifier;
  folds: readonly Fold[];
};

/**
 * Reads the log behind the newest usable snapshot (all of it, if there is none) into the folds, and cuts what a crash
 * can have left. Throws `log_tampered` if anything else is wrong with what was read.
 */
export async function recoverLog(options: RecoverOptions): Promise<Recovered> {
  const recovered = await startOf(options);
  if (fileSize(options.logDir, segmentName(0)) === 0) return recovered;
  const from = recovered.chain.frontier.size;
  const scanned = await scanLog({
    logDir: options.logDir,
    verifier: options.verifier,
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
  if (scanned.kind === 'bad') throw tampered(scanned);
  recovered.end = scanned.end;
  recovered.replayed = recovered.chain.frontier.size - from;
  recovered.cut = cutTails(options.logDir, scanned, recovered.chain);
  return recovered;
}

async function startOf(options: RecoverOptions): Promise<Recovered> {
  const { folds, verifier, logDir } = options;
  const snapshot = readSnapshot(options.cacheDir);
  const chain = snapshot && (await chainOf(snapshot, { logDir, verifier }));
  if (snapshot && chain && loadFolds(folds, snapshot.folds)) return startAt(snapshot, chain);
  for (const fold of folds) fold.reset();
  return {
    chain: newChain(verifier.name),
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

function cutTails(logDir: string, scanned: Scanned, chain: Chain): Recovered['cut'] {
  const { payloadEnd } = chain;
  const payloadBytes = trailingBytes(logDir, payloadEnd);
  if (payloadBytes < 0) {
    throw tampered({
      kind: 'bad',
      segment: payloadSegmentName(payloadEnd.segment),
      line: scanned.end.line,
      entry: chain.frontier.size - 1,
      reason: 'payloads are missing at the end',
    });
  }
  if (scanned.unsealed > 0) truncate(logDir, segmentName(scanned.end.segment), scanned.end.at);
  if (payloadBytes > 0) cutPayloads(logDir, payloadEnd);
  return { bytes: scanned.unsealed, payloadBytes };
}

function cutPayloads(logDir: string, end: PayloadEnd): void {
  const segments = countSegments(logDir, payloadSegmentName);
  const count = segments.kind === 'ok' ? segments.count : segments.segment;
  for (let later = count - 1; later > end.segment; later -= 1)
    rmSync(join(logDir, payloadSegmentName(later)));
  truncate(logDir, payloadSegmentName(end.segment), end.at);
  syncDir(logDir);
}

function truncate(logDir: string, name: string, length: number): void {
  if (!existsSync(join(logDir, name))) return;
  const fd = openSync(join(logDir, name), constants.O_WRONLY);
  try {
    ftruncateSync(fd, length);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
