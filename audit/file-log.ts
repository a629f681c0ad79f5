import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Random } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import type { IncidentId } from '#core/ids.ts';
import { type BackgroundVerdict, checkInBackground } from './background-check.ts';
import { endAfter } from './chain.ts';
import { type Committer, createCommitter, type Group } from './committer.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { type Disk, realDisk } from './disk.ts';
import { readEntries, readPayload } from './file-reader.ts';
import type { Fold } from './fold.ts';
import type { Log } from './log.ts';
import { loadLogKey } from './log-key.ts';
import { openedDraft, recoveredDraft } from './opened.ts';
import { filePayloadKeys, type PayloadKeys } from './payload-keys.ts';
import { makePrivateDir, unusable } from './private-files.ts';
import { type Recovered, recoverLog } from './recover.ts';
import { segmentName } from './segment-files.ts';
import { createSegmentWriter, type SegmentWriter, type WrittenGroup } from './segment-writer.ts';
import { addToIndex, placeBefore } from './seq-index.ts';
import { type NoteSigner, parseVerifierKey } from './signed-note.ts';
import { createSnapshotter, type Snapshotter } from './snapshotter.ts';

export type FileLogOptions = {
  /** The data directory; made if it is not there. */
  dir: string;
  clock: Clock;
  random: Random;
  /** Kept up to date with every entry, before subscribers; filled before this returns. */
  folds?: readonly Fold[];
  /** Named to whoever finds the directory locked, as in `firebreak serve`. */
  command?: string;
  /** The wall clock went back by this many ms, more than 5 s. */
  onClockBack?: (ms: number) => void;
  snapshotEvery?: number;
  segmentBytes?: number;
  disk?: Disk;
};

export type FileLog = Log & {
  /** How this opening went: entries read, whether a snapshot saved the rest, bytes cut after a crash. */
  opened: { replayed: number; snapshot: 'used' | 'none'; cut: Recovered['cut'] };
  /** Checks all that opening did not; see `checkInBackground`. Closing the log stops it. */
  verifyInBackground(makeFolds: () => readonly Fold[]): Promise<BackgroundVerdict>;
  /** Destroys an incident's key: its payloads can never be read again. */
  eraseKey(incidentId: IncidentId): void;
};

type Parts = {
  options: FileLogOptions;
  dirs: { log: string; keys: string; cache: string };
  signer: NoteSigner;
  keys: PayloadKeys;
  recovered: Recovered;
  unlock: () => void;
};

const SEGMENT_BYTES = 64 * 1024 * 1024;
const SNAPSHOT_EVERY = 2000;

/**
 * Opens (or makes) the log of a data directory for this process alone. Throws `data_dir_unusable`, `data_dir_locked`,
 * or `log_tampered` naming segment, line and first bad entry.
 */
export async function openFileLog(options: FileLogOptions): Promise<FileLog> {
  const dirs = prepareDirs(options.dir);
  const unlock = lock(options);
  try {
    const hasLog = existsSync(join(dirs.log, segmentName(0)));
    const signer = loadLogKey({ keysDir: dirs.keys, logDir: dirs.log, hasLog, random: options.random });
    const verifier = parseVerifierKey(signer.verifierKey);
    if (!verifier) throw new FirebreakError('bug', 'a signing key has no public half');
    const keys = filePayloadKeys(dirs.keys, options.random);
    const folds = options.folds ?? [];
    const recovered = await recoverLog({ logDir: dirs.log, cacheDir: dirs.cache, verifier, folds });
    return await startLog({ options, dirs, signer, keys, recovered, unlock });
  } catch (error) {
    unlock();
    throw error;
  }
}

async function startLog(parts: Parts): Promise<FileLog> {
  const { options, dirs, recovered } = parts;
  const { clock, disk = realDisk, segmentBytes = SEGMENT_BYTES } = options;
  const opened: FileLog['opened'] = {
    replayed: recovered.replayed,
    snapshot: recovered.claimed ? 'used' : 'none',
    cut: recovered.cut,
  };
  const sizeAtOpen = recovered.chain.frontier.size;
  const writer = createSegmentWriter({ logDir: dirs.log, disk, clock, segmentBytes, from: recovered.end });
  const snapshotter = createSnapshotter({
    cacheDir: dirs.cache,
    every: options.snapshotEvery ?? SNAPSHOT_EVERY,
    folds: options.folds ?? [],
    state: recovered,
  });
  const committer = committerOf(parts, writer, snapshotter);
  try {
    const { cut } = recovered;
    if (sizeAtOpen === 0) await committer.append([openedDraft(parts.signer)]);
    if (cut.bytes + cut.payloadBytes > 0) {
      await committer.append([recoveredDraft({ ...cut, size: sizeAtOpen })]);
    }
  } catch (error) {
    writer.close();
    throw error;
  }
  return { ...committer, ...fileMethods(parts, { committer, writer, snapshotter, sizeAtOpen }), opened };
}

function committerOf(parts: Parts, writer: SegmentWriter, snapshotter: Snapshotter): Committer {
  const { options, keys, recovered, signer } = parts;
  const { clock, random, segmentBytes = SEGMENT_BYTES, onClockBack } = options;
  const { frontier, lastTs, payloadEnd } = recovered.chain;
  return createCommitter({
    clock,
    stager: { keys, random, payloadSegmentBytes: segmentBytes },
    signer,
    frontier,
    versions: recovered.versions,
    edge: { seq: frontier.size, ts: lastTs, payloadEnd },
    persist: (group) => writer.write(group),
    committed: (group) => {
      noteGroup(parts, group, writer.last());
      snapshotter.note(group.entries.length);
    },
    ...(onClockBack ? { onClockBack } : {}),
  });
}

type Running = { committer: Committer; writer: SegmentWriter; snapshotter: Snapshotter; sizeAtOpen: number };

function fileMethods(parts: Parts, running: Running): Omit<FileLog, keyof Committer | 'opened'> {
  const { dirs, keys, recovered, signer } = parts;
  const { committer, writer, snapshotter, sizeAtOpen } = running;
  const source = { logDir: dirs.log, keys };
  const closing = new AbortController();
  return {
    read: (from) => {
      const place = placeBefore(recovered.index, from);
      return readEntries({ logDir: dirs.log, place, from, to: committer.size() });
    },
    payload: (incidentId, ref) => readPayload(source, incidentId, ref),
    verifyInBackground: async (makeFolds) => {
      const verdict = await checkInBackground({
        logDir: dirs.log,
        publicKey: signer.verifierKey,
        size: sizeAtOpen,
        claimed: recovered.claimed,
        makeFolds,
        signal: closing.signal,
      });
      if (verdict.kind === 'ok') recovered.claimed = undefined;
      return verdict;
    },
    eraseKey: keys.erase,
    close: async () => {
      if (closing.signal.aborted) return;
      closing.abort();
      await committer.drain();
      if (committer.health().kind === 'ok') await snapshotter.finish();
      writer.close();
      parts.unlock();
    },
  };
}

/** Brings what was recovered up to a group that is now durable. */
function noteGroup(parts: Parts, group: Group, written: WrittenGroup): void {
  const { chain, index } = parts.recovered;
  const { entries } = group;
  parts.recovered.end = written.end;
  parts.recovered.checkpointAt = written.checkpointAt;
  chain.lastTs = entries.at(-1)?.ts ?? chain.lastTs;
  const refs = entries.flatMap((entry) => entry.payloads);
  chain.payloadEnd = endAfter(chain.payloadEnd, refs) ?? chain.payloadEnd;
  addToIndex(index, entries[0]?.seq ?? 0, written.start);
  for (const fold of parts.options.folds ?? []) for (const entry of entries) fold.apply(entry);
}

function prepareDirs(dir: string): Parts['dirs'] {
  const dirs = { log: join(dir, 'log'), keys: join(dir, 'keys'), cache: join(dir, 'cache') };
  makePrivateDir(dir);
  for (const path of Object.values(dirs)) makePrivateDir(path);
  return dirs;
}

function lock(options: FileLogOptions): () => void {
  const { dir, command = 'firebreak', random } = options;
  try {
    return lockDataDir({ dir, command, now: options.clock.now(), random });
  } catch (error) {
    throw error instanceof FirebreakError ? error : unusable(dir, error);
  }
}
