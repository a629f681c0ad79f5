import type { Clock } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { signCheckpoint } from './checkpoint.ts';
import { diskTrouble, mayPass } from './disk.ts';
import { KEY_ROTATED, keyRotatedDraft } from './key-chain.ts';
import type { Appended, Checkpoint, Entry, EntryDraft, Expect, Listener, LogHealth } from './log.ts';
import { addLeaf, type Frontier, leafHash, rootOf } from './merkle.ts';
import type { NoteSigner } from './signed-note.ts';
import { type Edge, type Frame, type Staged, type Stager, stage } from './stage.ts';
import type { StreamVersions } from './stream-versions.ts';

/** What is made durable together: entry lines under one checkpoint. */
export type Group = {
  entries: readonly Entry[];
  lines: readonly Buffer[];
  frames: readonly Frame[];
  checkpoint: Checkpoint;
};

export type CommitterOptions = {
  clock: Clock;
  stager: Stager;
  signer: NoteSigner;
  /** Where the log stands; the committer owns and advances them. */
  frontier: Frontier;
  versions: StreamVersions;
  edge: Edge;
  /** Makes a group durable, at once or later. An exception means that nobody knows what is on disk. */
  persist(group: Group): Promise<void> | undefined;
  /** First to hear of a durable group. */
  committed(group: Group): void;
  /** The wall clock went back by this many ms, more than 5 s. */
  onClockBack?: (ms: number) => void;
};

export type Committer = {
  append(drafts: readonly EntryDraft[], options?: { expect?: Expect }): Promise<Appended>;
  size(): number;
  version(stream: string): number;
  subscribe(listener: Listener): () => void;
  checkpoint(): Checkpoint;
  health(): LogHealth;
  /** Hands over to another key: the entry that says so is the last under the present one. Throws like `append`. */
  changeKey(change: KeyChange): Promise<void>;
  /** Fails the log for good, as a write that failed would. */
  abandon(cause: FirebreakError): void;
  /** Refuses new appends; resolves when the queue is empty or failed. */
  drain(): Promise<void>;
};

export type KeyChange = {
  next: NoteSigner;
  reason: string;
  /** Called when the log names the next key durably, before anything is signed with it. */
  adopt(): void;
};

type Waiting = {
  change?: KeyChange;
  staged: Staged | undefined;
  outcome: Appended;
  resolve(outcome: Appended): void;
  reject(error: unknown): void;
};

const GROUP_BYTES = 1024 * 1024;
const CLOCK_TOLERANCE_MS = 5000;

/**
 * The queue in front of a log driver.
 *
 * An append is staged (numbered, timed, encrypted, encoded) at the moment of the call, so call order is log order and
 * `expect` sees everything queued before it. Once per turn of the event loop, if no commit is running, what is queued
 * becomes one group: signed, persisted, then announced to `committed`, listeners, and the waiting callers, in this order.
 * A conflict waits in the queue like an append, so that its caller sees the state that caused it.
 * Open until a commit fails (then `failed` for good: everything queued and later is refused) or `drain` is called.
 */
export function createCommitter(options: CommitterOptions): Committer {
  const { clock, stager, frontier, versions } = options;
  const listeners = new Set<Listener>();
  const queuedVersions = new Map<string, number>();
  let queue: Waiting[] = [];
  let edge = options.edge;
  let size = edge.seq;
  let lastWall = edge.ts;
  let { signer } = options;
  let checkpoint = signCheckpoint(signer, frontier.size, rootOf(frontier));
  let refusal: { error: FirebreakError; failed?: { passing: boolean } } | undefined;
  let scheduled = false;
  let idle: PromiseWithResolvers<void> | undefined;

  const versionQueued = (stream: string): number => versions.get(stream) + (queuedVersions.get(stream) ?? 0);

  const wallTime = (): number => {
    const now = clock.now();
    if (now < lastWall - CLOCK_TOLERANCE_MS) options.onClockBack?.(lastWall - now);
    lastWall = now;
    return now;
  };

  const append: Committer['append'] = (drafts, { expect = {} } = {}) => {
    if (refusal) return Promise.reject(refusal.error);
    if (drafts.some(({ kind }) => kind === KEY_ROTATED)) return Promise.reject(notAnEntry());
    for (const [stream, expected] of Object.entries(expect)) {
      const actual = versionQueued(stream);
      if (actual !== expected) return enqueue({ kind: 'conflict', stream, expected, actual });
    }
    return enqueueDrafts(drafts);
  };

  const enqueueDrafts = (drafts: readonly EntryDraft[], change?: KeyChange): Promise<Appended> => {
    try {
      const staged = stage(stager, drafts, { ...edge, now: wallTime() });
      edge = staged.after;
      countStreams(queuedVersions, staged.entries, 1);
      return enqueue({ kind: 'appended', entries: staged.entries }, staged, change);
    } catch (error) {
      return Promise.reject(error);
    }
  };

  const enqueue = (outcome: Appended, staged?: Staged, change?: KeyChange): Promise<Appended> => {
    const { promise, resolve, reject } = Promise.withResolvers<Appended>();
    queue.push({ staged, outcome, resolve, reject, ...(change && { change }) });
    schedule();
    return promise;
  };

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => void commitNext());
  };

  /** Never rejects: whatever goes wrong is told to every caller who waits. */
  const commitNext = async (): Promise<void> => {
    const waiting = takeGroup(queue);
    queue = queue.slice(waiting.length);
    try {
      const group = buildGroup(waiting);
      if (group.entries.length > 0) {
        const later = options.persist(group);
        if (later) await later;
        settle(group);
        adoptKey(waiting.at(-1)?.change);
      }
      for (const item of waiting) item.resolve(item.outcome);
    } catch (error) {
      fail(error, waiting);
    }
    scheduled = false;
    if (queue.length > 0) schedule();
    else idle?.resolve();
  };

  /** A key that was named durably is the only one that may sign from then on: if it cannot be stored, nothing may. */
  const adoptKey = (change: KeyChange | undefined): void => {
    if (!change) return;
    change.adopt();
    signer = change.next;
  };

  const buildGroup = (waiting: readonly Waiting[]): Group => {
    const staged = waiting.flatMap((item) => item.staged ?? []);
    const lines = staged.flatMap((item) => item.lines);
    for (const line of lines) addLeaf(frontier, leafHash(line.subarray(0, -1)));
    return {
      entries: staged.flatMap((item) => item.entries),
      lines,
      frames: staged.flatMap((item) => item.frames),
      checkpoint: lines.length > 0 ? signCheckpoint(signer, frontier.size, rootOf(frontier)) : checkpoint,
    };
  };

  const settle = (group: Group): void => {
    size += group.entries.length;
    checkpoint = group.checkpoint;
    countStreams(queuedVersions, group.entries, -1);
    for (const entry of group.entries) for (const stream of entry.streams) versions.add(stream);
    options.committed(group);
    for (const listener of listeners) listener(group.entries);
  };

  const fail = (cause: unknown, waiting: readonly Waiting[]): void => {
    const message = `the log cannot be written: ${diskTrouble(cause)}`;
    refusal = {
      error: new FirebreakError('log_append_failed', message, { cause }),
      failed: { passing: mayPass(cause) },
    };
    for (const item of [...waiting, ...queue]) item.reject(refusal.error);
    queue = [];
  };

  return {
    append,
    changeKey: async (change) => {
      if (refusal) throw refusal.error;
      await enqueueDrafts([keyRotatedDraft(change.next, change.reason)], change);
    },
    size: () => size,
    version: (stream) => versions.get(stream),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    checkpoint: () => checkpoint,
    health: () =>
      refusal?.failed ? { kind: 'failed', reason: refusal.error.message, ...refusal.failed } : { kind: 'ok' },
    abandon: (cause) => fail(cause, []),
    drain: () => {
      refusal ??= { error: new FirebreakError('log_append_failed', 'the log is closed') };
      if (!scheduled) return Promise.resolve();
      idle ??= Promise.withResolvers<void>();
      return idle.promise;
    },
  };
}

function notAnEntry(): FirebreakError {
  return new FirebreakError('json_invalid', `${KEY_ROTATED} is written by a change of key only`);
}

/** As many appends from the front as one group takes, at least one; a change of key ends its group. */
function takeGroup(queue: readonly Waiting[]): Waiting[] {
  let bytes = 0;
  let ended = false;
  const end = queue.findIndex((item) => {
    if (bytes >= GROUP_BYTES || ended) return true;
    ended = item.change !== undefined;
    for (const line of item.staged?.lines ?? []) bytes += line.length;
    return false;
  });
  return queue.slice(0, end < 0 ? queue.length : end);
}

function countStreams(counts: Map<string, number>, entries: readonly Entry[], by: 1 | -1): void {
  for (const entry of entries) {
    for (const stream of entry.streams) {
      const count = (counts.get(stream) ?? 0) + by;
      if (count === 0) counts.delete(stream);
      else counts.set(stream, count);
    }
  }
}
