import { Digest } from '#core/ids.ts';
import type { Fold } from './fold.ts';
import { rootOf } from './merkle.ts';
import type { Recovered } from './recover.ts';
import type { NoteSigner } from './signed-note.ts';
import { type Snapshot, saveFolds, sealSnapshot, writeSnapshot } from './snapshot.ts';

export type Snapshotter = {
  /** So many more entries are durable and in the folds. */
  note(entries: number): void;
  /** Waits for a snapshot of the present state, if anything is missing in the newest one. */
  finish(): Promise<void>;
};

export type SnapshotterOptions = {
  cacheDir: string;
  every: number;
  folds: readonly Fold[];
  /** Kept up to date by the log. */
  state: Recovered;
  /** The key that signs at present. */
  signer: () => NoteSigner;
};

/**
 * Writes a snapshot every so many entries. The state is copied at once, the file is written behind it; one that cannot
 * be written is given up, because a missing snapshot costs time at the next start and nothing else. None is written in
 * the moment in which the log names another key and that one does not sign yet.
 */
export function createSnapshotter(options: SnapshotterOptions): Snapshotter {
  const { cacheDir, every, folds, state, signer } = options;
  let missing = state.replayed;
  let writing: Promise<void> | undefined;

  const start = (): Promise<void> => {
    if (signer().verifierKey !== state.chain.verifier.key) return Promise.resolve();
    missing = 0;
    const sealed = sealSnapshot(copyState(state, folds), signer());
    const done = writeSnapshot(cacheDir, sealed).catch(() => undefined);
    writing = done.finally(() => {
      writing = undefined;
    });
    return writing;
  };
  return {
    note: (entries) => {
      missing += entries;
      if (missing >= every && !writing) void start();
    },
    finish: async () => {
      await writing;
      if (missing > 0) await start();
    },
  };
}

function copyState(state: Recovered, folds: readonly Fold[]): Snapshot {
  const { chain, end, checkpointAt, versions, index } = state;
  return {
    format: 3,
    size: chain.frontier.size,
    root: Digest.parse(rootOf(chain.frontier).toString('hex')),
    checkpointAt,
    end,
    lastTs: chain.lastTs,
    payloadEnd: chain.payloadEnd,
    frontier: chain.frontier.subtrees.map((hash) => Digest.parse(hash.toString('hex'))),
    streams: versions.save(),
    index: [...index],
    folds: saveFolds(folds),
  };
}
