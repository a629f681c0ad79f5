import type { CallId } from '#core/ids.ts';
import type { ClusterRef } from '#incidents/cluster-causes.ts';
import type { PostgresCause } from '#incidents/postgres-causes.ts';
import { type PostgresState, saidLately, times, waitShare } from './state.ts';

/** What one detector says: how sure it is (0..97), by which looks, and which session it is about. */
export type PostgresFinding = {
  readonly cause: PostgresCause;
  readonly points: number;
  readonly for: readonly CallId[];
  readonly object?: ClusterRef;
};
/** How one cause shows in a PostgreSQL server. Pure; says nothing about what was not seen. */
export type PostgresDetector = {
  readonly cause: PostgresCause;
  readonly find: (state: PostgresState) => readonly Omit<PostgresFinding, 'cause'>[];
};

const NO_ROOM =
  /no space left|out of (disk|storage) space|could not (extend|write to) file|disk full|storage.{0,20}\bfull\b/i;
const NO_SLOT = /too many (clients|connections)|remaining connection slots|connection limit exceeded/i;
const TOO_FAR = /replica(tion)?.{0,30}\blag\b.{0,40}(exceed|high|behind)|replica.{0,40}fallen behind/i;
const TOO_OFTEN = /checkpoints? (are|is) occurring too frequently|checkpoint.{0,60}(too (often|long)|took)/i;
const WRITING = /^(IO|WAL|LWLock|BufferPin|BufferIO)$/i;

/** One session, seen to wait for no lock itself, holds up others. */
const lockPileUp: PostgresDetector = {
  cause: 'postgres_lock_pile_up',
  find: ({ locks, activity }) => {
    if (locks === null) {
      const waiting = activity?.value.byState?.waitingForLock ?? 0;
      return waiting >= 3 ? [{ points: 60, for: activity?.calls ?? [] }] : [];
    }
    const { blockers, waiting, oldestWaitS } = locks.value;
    return blockers
      .filter((one) => one.waiting / Math.max(1, waiting) >= 0.5)
      .slice(0, 1)
      .map((one) => {
        const isLong = (oldestWaitS ?? 0) >= 5;
        const points = one.waiting >= 3 && isLong ? 94 : isLong ? 84 : one.waiting >= 3 ? 72 : 40;
        return { points, object: `session:${one.session}`, for: locks.calls };
      });
  },
};

/** No room for one more session, or next to none. What was said counts unless there is room again. */
const connectionsExhausted: PostgresDetector = {
  cause: 'postgres_connections_exhausted',
  find: (state) => {
    const { activity } = state;
    const { connections = null, maxConnections = null } = activity?.value ?? {};
    const used = connections === null || !maxConnections ? null : connections / maxConnections;
    const said = used !== null && used < 0.8 ? [] : saidLately(state, NO_SLOT);
    const calls = [...(activity?.calls ?? []), ...said.flatMap((one) => one.calls)];
    if (said.length > 0 || (used !== null && used >= 0.97)) return [{ points: 92, for: calls }];
    return used !== null && used >= 0.9 ? [{ points: 74, for: calls }] : [];
  },
};

/** A replica is far behind, or the server says so while it writes far more than normal. */
const replicationLag: PostgresDetector = {
  cause: 'postgres_replication_lag',
  find: (state) => {
    const seen = state.replication;
    const { lagS = null, replicas = null, slots = null, walPerS = null } = seen?.value ?? {};
    const behindS = Math.max(0, lagS ?? 0, ...(replicas ?? []).map((one) => one.lagS ?? 0));
    const behindBytes = Math.max(0, ...(replicas ?? []).map((one) => one.lagBytes ?? 0));
    const held = Math.max(0, ...(slots ?? []).map((one) => (one.active ? 0 : (one.heldBytes ?? 0))));
    const said = saidLately(state, TOO_FAR);
    const calls = [...(seen?.calls ?? []), ...said.flatMap((one) => one.calls)];
    const isWriting = (times(walPerS) ?? 0) >= 2;
    if (behindS >= 60 || (said.length > 0 && isWriting)) return [{ points: 92, for: calls }];
    if (behindS >= 20 || behindBytes >= 2 ** 30) return [{ points: 82, for: calls }];
    return said.length > 0 || held >= 10 * 2 ** 30 ? [{ points: 72, for: calls }] : [];
  },
};

/** The disk is full or nearly. What was said counts unless there is room again. */
const storageFull: PostgresDetector = {
  cause: 'postgres_storage_full',
  find: (state) => {
    const { sizes, host } = state;
    const { freeBytes = null, totalBytes = null, fullInS = null } = sizes?.value ?? {};
    const free = freeBytes === null || !totalBytes ? null : freeBytes / totalBytes;
    const disks = (host?.value.disks ?? []).map((one) => one.free / one.total);
    const least = Math.min(1, ...disks);
    const isRoomy = (free ?? (disks.length === 0 ? 0 : least)) >= 0.15;
    const said = isRoomy ? [] : saidLately(state, NO_ROOM);
    const calls = [...(sizes?.calls ?? []), ...said.flatMap((one) => one.calls)];
    if (said.length > 0 || (free !== null && free <= 0.03)) return [{ points: 93, for: calls }];
    // Which of several disks holds the data is not known.
    if (least <= 0.02 && !isRoomy) return [{ points: disks.length === 1 ? 82 : 66, for: host?.calls ?? [] }];
    const isSoon = free !== null && free <= 0.1 && fullInS !== null && fullInS <= 3600;
    return isSoon ? [{ points: 78, for: calls }] : [];
  },
};

/** Most of what runs computes, most of that is one statement, and the processors are busy. */
const cpuByQuery: PostgresDetector = {
  cause: 'postgres_cpu_by_query',
  find: (state) => {
    const { activity, host } = state;
    const cpu = activity?.value.resources?.cpuShare?.now ?? host?.value.cpu?.busy ?? null;
    const queries = (activity?.value.queries ?? []).map((one) => one.computing ?? one.sessions);
    const all = queries.reduce((sum, load) => sum + load, 0);
    const top = Math.max(0, ...queries);
    if (activity === null || top < 1.5 || top / all < 0.5 || (cpu !== null && cpu < 0.7)) return [];
    if ((waitShare(state, /^CPU$/i) ?? 0) < 0.5) return [];
    const calls = [...activity.calls, ...(cpu === null ? [] : (host?.calls ?? []))];
    if (cpu !== null && cpu >= 0.85) return [{ points: 91, for: calls }];
    return [{ points: cpu === null && top < 4 ? 50 : 74, for: calls }];
  },
};

/** Checkpoints are forced one after the other, and what runs waits for what is written. */
const checkpointStorm: PostgresDetector = {
  cause: 'postgres_checkpoint_storm',
  find: (state) => {
    const { activity } = state;
    const { checkpoints = null, resources = null } = activity?.value ?? {};
    const done = (checkpoints?.timed ?? 0) + (checkpoints?.requested ?? 0);
    const everyS = done === 0 || checkpoints?.sinceS == null ? null : checkpoints.sinceS / done;
    const isForced = (checkpoints?.requested ?? 0) >= 5 && (checkpoints?.requested ?? 0) > done / 2;
    const said = saidLately(state, TOO_OFTEN);
    const isWaiting = (waitShare(state, WRITING) ?? 0) >= 0.4;
    const isWriting = (times(resources?.writesPerS) ?? 0) >= 2;
    const calls = [...(activity?.calls ?? []), ...said.flatMap((one) => one.calls)];
    const forced = isForced && everyS !== null && everyS <= 60;
    if (said.length > 0 && (isWaiting || isWriting || forced)) return [{ points: 91, for: calls }];
    if (said.length > 0 || (forced && isWaiting)) return [{ points: 76, for: calls }];
    return forced ? [{ points: 50, for: calls }] : [];
  },
};

/** Every cause that can be named in a PostgreSQL server. */
export const postgresDetectors: readonly PostgresDetector[] = [
  lockPileUp,
  connectionsExhausted,
  replicationLag,
  storageFull,
  cpuByQuery,
  checkpointStorm,
];
