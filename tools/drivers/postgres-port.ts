import type {
  PostgresActivity,
  PostgresLocks,
  PostgresReplication,
  PostgresSizes,
} from '#incidents/observations-postgres.ts';
import type { Seen } from './seen.ts';

/**
 * Looks at one PostgreSQL server and changes nothing. What a backend does not show is `null`, what it cannot answer is
 * a gap. Strings are foreign text that the read tools clean; statements come without their values. No method throws for
 * what the backend says or does; each stops when the signal aborts.
 */
export type PostgresDriver = {
  /** Who is connected, what runs and what it waits for, checkpoints, settings that matter. */
  activity(signal: AbortSignal): Promise<Seen<PostgresActivity>>;
  /** Who holds the locks that others wait for. */
  locks(signal: AbortSignal): Promise<Seen<PostgresLocks>>;
  /** How far replicas are behind, and what is kept for them. */
  replication(signal: AbortSignal): Promise<Seen<PostgresReplication>>;
  /** What takes how much room, and what is left. */
  sizes(signal: AbortSignal): Promise<Seen<PostgresSizes>>;
};
