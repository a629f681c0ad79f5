import type { PostgresCause } from '#incidents/postgres-causes.ts';

/** Each cause in a PostgreSQL server for people; the name of the server, or the number of the session, follows. */
export const postgresCauseWords: Readonly<Record<PostgresCause, string>> = {
  postgres_lock_pile_up: 'others wait for locks of database session',
  postgres_connections_exhausted: 'no connections left in',
  postgres_replication_lag: 'replicas are far behind',
  postgres_storage_full: 'the disk is full below',
  postgres_cpu_by_query: 'one statement takes the processors of',
  postgres_checkpoint_storm: 'checkpoints come one after the other in',
};
