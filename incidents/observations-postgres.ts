import { z } from 'zod';

/**
 * What is seen of a PostgreSQL server, as values. `null` always means "not shown by this look"; an empty list means that
 * there is none. Sizes are in bytes, durations in seconds. All strings are foreign text; statements come without their
 * values.
 */

/** Longer strings and lists are cut where they enter. */
const cut = (max: number) => z.string().overwrite((text) => text.slice(0, max));
const many = <T extends z.ZodType>(item: T, max: number) =>
  z.array(item).overwrite((list) => list.slice(0, max));
const Word = cut(120);
const Statement = cut(400);
const Amount = z.number().min(0);
const Count = z.int().min(0);
/** A measurement now, and what it was before the incident where that is known. */
const Level = z.strictObject({ now: Amount.nullable(), normal: Amount.nullable() }).nullable();

/** What the machine below the server does, where the backend shows it. */
const Resources = z.strictObject({
  /** Share of all processors in use, 0..1. */
  cpuShare: Level,
  readsPerS: Level,
  writesPerS: Level,
  /** Requests that wait for the disk. */
  diskQueue: Level,
  writeMs: Level,
});

export const PostgresActivity = z.strictObject({
  look: z.literal('activity'),
  /** Sessions of clients, and how many there may be. */
  connections: Count.nullable(),
  maxConnections: Count.nullable(),
  byState: z
    .strictObject({ active: Count, idle: Count, idleInTransaction: Count, waitingForLock: Count })
    .nullable(),
  /** What active sessions wait for: `type` CPU = for nothing. Sessions are an average where the backend gives one. */
  waits: many(z.strictObject({ type: Word, event: Word.nullable(), sessions: Amount }), 30).nullable(),
  /** Statements that run, those with most sessions first. */
  queries: many(
    z.strictObject({
      text: Statement,
      sessions: Amount,
      /** Sessions of it that wait for nothing: they compute. */
      computing: Amount.nullable(),
      longestS: Amount.nullable(),
      wait: Word.nullable(),
      callsPerS: Amount.nullable(),
    }),
    20,
  ).nullable(),
  /** Checkpoints since the counters began: those that were due, and those that were forced. */
  checkpoints: z.strictObject({ timed: Count, requested: Count, sinceS: Amount.nullable() }).nullable(),
  settings: many(z.strictObject({ name: Word, value: Word }), 30).nullable(),
  resources: Resources.nullable(),
  /** What the server itself said lately. */
  messages: many(z.strictObject({ ageS: Amount.nullable(), text: cut(400) }), 50).nullable(),
});
export type PostgresActivity = z.infer<typeof PostgresActivity>;

/** Sessions that others wait for, without waiting themselves; `waiting` counts all behind it. */
export const PostgresLocks = z.strictObject({
  look: z.literal('locks'),
  waiting: Count,
  oldestWaitS: Amount.nullable(),
  blockers: many(
    z.strictObject({
      session: Count,
      user: Word.nullable(),
      app: Word.nullable(),
      state: Word.nullable(),
      /** Age of its transaction. */
      openS: Amount.nullable(),
      waiting: Count,
      relation: Word.nullable(),
      text: Statement.nullable(),
    }),
    20,
  ),
});
export type PostgresLocks = z.infer<typeof PostgresLocks>;

export const PostgresReplication = z.strictObject({
  look: z.literal('replication'),
  role: z.enum(['primary', 'standby']).nullable(),
  /** How far a standby is behind. */
  lagS: Amount.nullable(),
  replicas: many(
    z.strictObject({
      name: Word,
      state: Word.nullable(),
      lagBytes: Amount.nullable(),
      lagS: Amount.nullable(),
    }),
    30,
  ).nullable(),
  /** `heldBytes`: log that is kept because the slot did not take it. */
  slots: many(
    z.strictObject({ name: Word, active: z.boolean(), heldBytes: Amount.nullable() }),
    30,
  ).nullable(),
  /** Log that is written, in bytes per second. */
  walPerS: Level,
});
export type PostgresReplication = z.infer<typeof PostgresReplication>;

export const PostgresSizes = z.strictObject({
  look: z.literal('sizes'),
  /** Of the disk that it stands on. */
  freeBytes: Amount.nullable(),
  totalBytes: Amount.nullable(),
  /** When the disk is full if it goes on as it does. */
  fullInS: Amount.nullable(),
  walBytes: Amount.nullable(),
  /** Largest first. */
  databases: many(z.strictObject({ name: Word, bytes: Amount }), 30).nullable(),
  tables: many(z.strictObject({ name: Word, bytes: Amount }), 30).nullable(),
});
export type PostgresSizes = z.infer<typeof PostgresSizes>;

/** What each look at a PostgreSQL server gives as its `value`. */
export const PostgresSeen = z.discriminatedUnion('look', [
  PostgresActivity,
  PostgresLocks,
  PostgresReplication,
  PostgresSizes,
]);
export type PostgresSeen = z.infer<typeof PostgresSeen>;
