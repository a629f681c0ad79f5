import { join } from 'node:path';
import type { Clock, Random } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import type { IncidentId } from '#core/ids.ts';
import { type BackgroundVerdict, checkInBackground } from './background-check.ts';
import { endAfter } from './chain.ts';
import { type Committer, createCommitter, type Group } from './committer.ts';
import { type DataDirLock, lockDataDir } from './data-dir-lock.ts';
import { type Disk, realDisk } from './disk.ts';
import { readEntries, readPayload } from './file-reader.ts';
import type { Fold } from './fold.ts';
import { keyAfter } from './key-chain.ts';
import { changeKey } from './key-change.ts';
import type { Log } from './log.ts';
import { noteLogBegun } from './log-key.ts';
import { mendTail } from './mend.ts';
import { type LogDirs, type OnDamage, openStanding, prepareDirs, type Standing } from './open-standing.ts';
import { openedDraft, recoveredDraft } from './opened.ts';
import { filePayloadKeys } from './payload-keys.ts';
import { unusable } from './private-files.ts';
import type { Recovered } from './recover.ts';
import { createSegmentWriter, type SegmentWriter, type WrittenGroup } from './segment-writer.ts';
import { addToIndex, placeBefore } from './seq-index.ts';
import { asideFolders, type Damage } from './set-aside.ts';
import { createSnapshotter, type Snapshotter } from './snapshotter.ts';
import { MAX_BATCH } from './stage.ts';
import { noteSuspicion } from './suspicion.ts';

export type FileLogOptions = {
  /** The data directory; made if it is not there. */
  dir: string;
  clock: Clock;
  random: Random;
  /** Kept up to date with every entry, before subscribers; filled before this returns. */
  folds?: readonly Fold[];
  /** Named to whoever finds the directory locked, as in `firebreak serve`. */
  command?: string;
  /** Left out: a log that was tampered with is refused. */
  onDamage?: OnDamage;
  /** The wall clock went back by this many ms, more than 5 s. */
  onClockBack?: (ms: number) => void;
  snapshotEvery?: number;
  segmentBytes?: number;
  disk?: Disk;
};

export type FileLog = Log & {
  /**
   * How this opening went: entries read, whether a snapshot saved the rest, bytes cut after a crash, the damaged log
   * that was moved aside.
   */
  opened: { replayed: number; snapshot: 'used' | 'none'; cut: Recovered['cut']; replaced?: Damage };
  /** Checks all that opening did not; see `checkInBackground`. Closing the log stops it. */
  verifyInBackground(makeFolds: () => readonly Fold[]): Promise<BackgroundVerdict>;
  /** Destroys an incident's key, also that of a log set aside: its payloads can never be read again. */
  eraseKey(incidentId: IncidentId): void;
  /** Another key signs from now on; the present one is destroyed. Throws `log_append_failed`. */
  rotateKey(reason: string): Promise<void>;
  /**
   * After a failed write: cuts the files back to what is durable and tries whether the disk takes bytes again. True when
   * closing and opening again will do.
   */
  mend(): boolean;
};

type Parts = {
  options: FileLogOptions;
  dirs: LogDirs;
  standing: Standing;
  lock: DataDirLock;
};

const SEGMENT_BYTES = 64 * 1024 * 1024;
const SNAPSHOT_EVERY = 2000;

/**
 * Opens (or makes) the log of a data directory for this process alone. Throws `data_dir_unusable`, `data_dir_locked`,
 * or `log_tampered` naming segment, line and first bad entry, unless `onDamage` says how a new log takes over.
 */
export async function openFileLog(options: FileLogOptions): Promise<FileLog> {
  const dirs = prepareDirs(options.dir);
  const held = lock(options);
  try {
    const { dir, random, folds = [], onDamage } = options;
    const standing = await openStanding({ dir, random, folds, ...(onDamage && { onDamage }) });
    return await startLog({ options, dirs, standing, lock: held });
  } catch (error) {
    held.release();
    throw error;
  }
}

async function startLog(parts: Parts): Promise<FileLog> {
  const { options, dirs, standing } = parts;
  const { recovered } = standing;
  const { clock, disk = realDisk, segmentBytes = SEGMENT_BYTES } = options;
  const { replaces } = standing.beginning;
  const opened: FileLog['opened'] = {
    replayed: recovered.replayed,
    snapshot: recovered.claimed ? 'used' : 'none',
    cut: recovered.cut,
    ...(replaces && { replaced: replaces }),
  };
  const sizeAtOpen = recovered.chain.frontier.size;
  const writer = createSegmentWriter({ logDir: dirs.log, disk, clock, segmentBytes, from: recovered.end });
  const snapshotter = createSnapshotter({
    cacheDir: dirs.cache,
    every: options.snapshotEvery ?? SNAPSHOT_EVERY,
    folds: options.folds ?? [],
    state: recovered,
    signer: () => standing.signer,
  });
  const committer = committerOf(parts, writer, snapshotter);
  parts.lock.whenLost(committer.abandon);
  try {
    const { cut } = recovered;
    if (sizeAtOpen === 0) await begin(parts, committer);
    if (cut.bytes + cut.payloadBytes > 0) {
      await committer.append([recoveredDraft({ ...cut, size: sizeAtOpen })]);
    }
  } catch (error) {
    writer.close();
    throw error;
  }
  return { ...committer, ...fileMethods(parts, { committer, writer, snapshotter, sizeAtOpen }), opened };
}

/** Appends handed over in one turn become one group, so that a log begins with all of it or not at all. */
async function begin({ standing, dirs, options }: Parts, committer: Committer): Promise<void> {
  const { signer, first, beginning } = standing;
  const drafts = [openedDraft(signer, beginning.replaces), ...beginning.drafts];
  const batches = [];
  for (let from = 0; from < drafts.length; from += MAX_BATCH) {
    batches.push(committer.append(drafts.slice(from, from + MAX_BATCH)));
  }
  await Promise.all(batches);
  noteLogBegun(dirs.keys, first, options.random);
}

function committerOf(parts: Parts, writer: SegmentWriter, snapshotter: Snapshotter): Committer {
  const { options, standing } = parts;
  const { keys, recovered, signer } = standing;
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
  const { dirs, options, standing } = parts;
  const { keys, recovered } = standing;
  const { committer, writer, snapshotter } = running;
  const source = { logDir: dirs.log, keys };
  const closing = new AbortController();
  let changing = Promise.resolve();
  return {
    read: (from) => {
      const place = placeBefore(recovered.index, from);
      return readEntries({ logDir: dirs.log, place, from, to: committer.size() });
    },
    payload: (incidentId, ref) => readPayload(source, incidentId, ref),
    verifyInBackground: (makeFolds) => verifyBehind(parts, running, { makeFolds, signal: closing.signal }),
    eraseKey: (id) => {
      keys.erase(id);
      for (const folder of asideFolders(options.dir)) {
        filePayloadKeys(join(folder, 'keys'), options.random).erase(id);
      }
    },
    rotateKey: (reason) => {
      const { random } = options;
      const change = () => changeKey({ committer, standing, keysDir: dirs.keys, random, reason });
      changing = changing.then(change, change);
      return changing;
    },
    mend: () => {
      const health = committer.health();
      if (health.kind === 'ok' || !health.passing) return false;
      const { disk = realDisk } = options;
      return mendTail({ logDir: dirs.log, end: writer.end(), payloadEnd: recovered.chain.payloadEnd, disk });
    },
    close: async () => {
      if (closing.signal.aborted) return;
      closing.abort();
      await committer.drain();
      if (committer.health().kind === 'ok') await snapshotter.finish();
      writer.close();
      parts.lock.release();
    },
  };
}

async function verifyBehind(
  { dirs, standing }: Parts,
  { sizeAtOpen }: Running,
  { makeFolds, signal }: { makeFolds: () => readonly Fold[]; signal: AbortSignal },
): Promise<BackgroundVerdict> {
  const { first, recovered } = standing;
  const verdict = await checkInBackground({
    logDir: dirs.log,
    publicKey: first.key,
    size: sizeAtOpen,
    claimed: recovered.claimed,
    makeFolds,
    signal,
  });
  if (verdict.kind === 'ok') recovered.claimed = undefined;
  if (verdict.kind === 'tampered') noteSuspicion(dirs.cache, verdict.reason);
  return verdict;
}

/** Brings what was recovered up to a group that is now durable. */
function noteGroup({ standing, options }: Parts, group: Group, written: WrittenGroup): void {
  const { recovered } = standing;
  const { chain, index } = recovered;
  const { entries } = group;
  recovered.end = written.end;
  recovered.checkpointAt = written.checkpointAt;
  chain.lastTs = entries.at(-1)?.ts ?? chain.lastTs;
  chain.verifier = keyAfter(chain.verifier, entries) ?? chain.verifier;
  const refs = entries.flatMap((entry) => entry.payloads);
  chain.payloadEnd = endAfter(chain.payloadEnd, refs) ?? chain.payloadEnd;
  addToIndex(index, entries[0]?.seq ?? 0, written.start);
  for (const fold of options.folds ?? []) for (const entry of entries) fold.apply(entry);
}

function lock(options: FileLogOptions): DataDirLock {
  const { dir, command = 'firebreak', random } = options;
  try {
    return lockDataDir({ dir, command, now: options.clock.now(), random });
  } catch (error) {
    throw error instanceof FirebreakError ? error : unusable(dir, error);
  }
}
