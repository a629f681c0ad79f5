import { z } from 'zod';

/** Causes that the product can name in a PostgreSQL server. */
export const postgresCauses = [
  'postgres_lock_pile_up',
  'postgres_connections_exhausted',
  'postgres_replication_lag',
  'postgres_storage_full',
  'postgres_cpu_by_query',
  'postgres_checkpoint_storm',
] as const;
export const PostgresCause = z.enum(postgresCauses);
export type PostgresCause = z.infer<typeof PostgresCause>;
