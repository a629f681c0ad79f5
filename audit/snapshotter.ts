import { Digest } from '#core/ids.ts';
import type { Fold } from './fold.ts';
import { rootOf } from './merkle.ts';
import type { Recovered } from './recover.ts';
import { type Snapshot, saveFolds, writeSnapshot } from './snapshot.ts';

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
};

/**
 * Writes a snapshot every so many entries. The state is copied at once, the file is written behind it; one that cannot
 * be written is given up, because a missing snapshot costs time at the next start and nothing else.
 */
export function createSnapshotter(options: SnapshotterOptions): Snapshotter {
  const { cacheDir, every, folds, state } = options;
  let missing = state.replayed;
  let writing: Promise<void> | undefined;

  const start = (): Promise<void> => {
    missing = 0;
    const done = writeSnapshot(cacheDir, copyState(state, folds)).catch(() => undefined);
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
    format: 2,
    key: chain.verifier.key,
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
