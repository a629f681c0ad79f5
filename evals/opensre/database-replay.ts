import type { PostgresDriver } from '#tools/drivers/postgres-port.ts';
import type { Gap, Seen } from '#tools/drivers/seen.ts';
import { activityOf, type DatabaseEvidence, replicationOf, sizesOf } from './database-evidence.ts';

const lost: Gap = { kind: 'gap', reason: 'not_recorded', detail: 'this was not recorded' };
const seen = <T>(value: T | null): Seen<T> => (value === null ? lost : { kind: 'seen', value });

/** Answers the looks at a database from the evidence of a scenario. What was not recorded is a gap, never guessed. */
export function databaseReplay(from: DatabaseEvidence): PostgresDriver {
  return {
    activity: async () => seen(activityOf(from)),
    locks: async () => lost,
    replication: async () => seen(replicationOf(from)),
    sizes: async () => seen(sizesOf(from)),
  };
}
