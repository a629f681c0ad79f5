import { z } from 'zod';
import {
  PostgresActivity,
  PostgresLocks,
  PostgresReplication,
  PostgresSizes,
} from '#incidents/observations-postgres.ts';
import type { PostgresDriver } from '#tools/drivers/postgres-port.ts';
import type { Gap, Seen } from '#tools/drivers/seen.ts';

/** What a server that is as it should be shows; a case says what is otherwise. */
const USUAL = {
  activity: {
    ...{ look: 'activity', connections: 24, maxConnections: 100 },
    byState: { active: 3, idle: 20, idleInTransaction: 1, waitingForLock: 0 },
    waits: [{ type: 'CPU', event: null, sessions: 1 }],
    ...{ queries: [], checkpoints: { timed: 12, requested: 1, sinceS: 3600 }, settings: [] },
    ...{ resources: null, messages: [] },
  },
  locks: { look: 'locks', waiting: 0, oldestWaitS: null, blockers: [] },
  replication: { look: 'replication', role: 'primary', lagS: null, replicas: [], slots: [], walPerS: null },
  sizes: {
    ...{ look: 'sizes', freeBytes: 60e9, totalBytes: 100e9, fullInS: null, walBytes: 1e9 },
    ...{ databases: [], tables: [] },
  },
} as const;

const Part = z.record(z.string(), z.unknown());
/** A look of a case: members that differ from the usual ones; null = it cannot be taken. */
const look = <T extends z.ZodType>(usual: object, whole: T) =>
  z.preprocess((own) => (own === null ? null : { ...usual, ...Part.parse(own ?? {}) }), whole.nullable());

/** A PostgreSQL server as a case describes it. */
export const PostgresWorld = z.strictObject({
  activity: look(USUAL.activity, PostgresActivity),
  locks: look(USUAL.locks, PostgresLocks),
  replication: look(USUAL.replication, PostgresReplication),
  sizes: look(USUAL.sizes, PostgresSizes),
});
export type PostgresWorld = z.infer<typeof PostgresWorld>;

const unreachable: Gap = { kind: 'gap', reason: 'unreachable', detail: 'the server does not answer' };
const see = <T>(value: T | null): Promise<Seen<T>> =>
  Promise.resolve(value === null ? unreachable : { kind: 'seen', value });

/** A server that stands still, behind the port that the product looks at one through. */
export function recordedPostgres(world: PostgresWorld): PostgresDriver {
  return {
    activity: () => see(world.activity),
    locks: () => see(world.locks),
    replication: () => see(world.replication),
    sizes: () => see(world.sizes),
  };
}
