import { z } from 'zod';
import { PostgresSeen } from '#incidents/observations-postgres.ts';
import { ServiceRef } from '#incidents/refs.ts';
import type { PostgresDriver } from '../drivers/postgres-port.ts';
import type { Gap, Seen } from '../drivers/seen.ts';
import type { ReadTool, ToolContext, ToolName, ToolResult } from '../tool.ts';
import { cleaned, shown } from './cleaned.ts';
import { joined } from './foreign.ts';
import { knownService, notConfigured, unknownService } from './known-service.ts';

/** Longest string that a look keeps. */
const MAX_STRING = 400;

const Args = z.strictObject({
  service: ServiceRef.describe('A service of the config that is a PostgreSQL server'),
});
type Args = z.infer<typeof Args>;
type Look = (driver: PostgresDriver, signal: AbortSignal) => Promise<Seen<PostgresSeen>>;

function tool(name: ToolName, description: string, look: Look): ReadTool<Args> {
  return {
    ...{ kind: 'read', tier: 'R0', version: 1, deadlineMs: 10_000, args: Args, name, description },
    perform: async ({ service }, context) => {
      const driver = reach(context, service);
      return 'kind' in driver ? driver : resultOf(await look(driver, context.signal), service);
    },
  };
}

export const pgActivity = tool(
  'pg_activity',
  'Who is connected to a PostgreSQL server, what runs and what it waits for.',
  (driver, signal) => driver.activity(signal),
);
export const pgLocks = tool(
  'pg_locks',
  'Which sessions of a PostgreSQL server hold the locks that others wait for.',
  (driver, signal) => driver.locks(signal),
);
export const pgReplication = tool(
  'pg_replication',
  'How far the replicas of a PostgreSQL server are behind, and what is kept for them.',
  (driver, signal) => driver.replication(signal),
);
export const pgSizes = tool(
  'pg_sizes',
  'What takes how much room in a PostgreSQL server, and what is left.',
  (driver, signal) => driver.sizes(signal),
);

function reach({ inventory, world }: ToolContext, ref: ServiceRef): PostgresDriver | Gap {
  const service = knownService(inventory, ref);
  if (service === undefined) return unknownService(ref);
  if (service.postgres === undefined) return notConfigured(`${service.id} is no PostgreSQL server`);
  const driver = world.databases?.get(service.postgres.driver);
  return driver ?? notConfigured(`${service.id} names a server that is not configured`);
}

/** An answer of another shape is a gap: a driver speaks to a foreign system. */
function resultOf(seen: Seen<PostgresSeen>, service: ServiceRef): ToolResult {
  if (seen.kind === 'gap') return seen;
  const parsed = PostgresSeen.safeParse(cleaned(seen.value, MAX_STRING));
  if (!parsed.success)
    return { kind: 'gap', reason: 'bad_answer', detail: 'the server gave an answer of an unknown shape' };
  const { look, ...rest } = parsed.data;
  const lines = Object.entries(rest).flatMap(([name, value]) =>
    Array.isArray(value)
      ? value.map((one) => `${name}: ${shown(one)}`)
      : value === null
        ? []
        : [`${name}: ${shown(value)}`],
  );
  return { kind: 'ok', value: parsed.data, text: joined(lines), facts: { service, look } };
}
