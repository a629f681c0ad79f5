import { Socket } from 'node:net';
import type { Client } from 'pg';
import { z } from 'zod';
import { messageOf } from '#core/errors.ts';
import type {
  PostgresActivity,
  PostgresLocks,
  PostgresReplication,
  PostgresSizes,
} from '#incidents/observations-postgres.ts';
import { shortForeign } from './http-text.ts';
import { lockTree, Session, summary, Waiter } from './postgres-activity.ts';
import type { PostgresDriver } from './postgres-port.ts';
import * as sql from './postgres-sql.ts';
import type { Gap, Seen } from './seen.ts';

export type PostgresSettings = {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password?: () => string;
  /** The server must show a certificate that is good for its name. */
  readonly tls: boolean;
  readonly timeoutMs?: number;
};

const Amount = z.number().nullable();
const Setting = z.object({ name: z.string(), value: z.string() });
const Checkpoints = z.object({ timed: z.number(), requested: z.number(), since_s: Amount });
const Role = z.object({ standby: z.boolean(), lag_s: Amount });
const Replica = z.object({
  name: z.string(),
  state: z.string().nullable(),
  lag_bytes: Amount,
  lag_s: Amount,
});
const Slot = z.object({ name: z.string(), active: z.boolean(), held_bytes: Amount });
const Sized = z.object({ name: z.string(), bytes: z.number() });
const Wal = z.object({ bytes: Amount });
const May = z.object({ others: z.boolean() });
const MayWal = z.object({ wal: z.boolean() });
/** The role sees a part, and what it does not see looks like peace. */
class NotAll extends Error {}

/** Rows of one fixed query, checked. */
type Ask = <T>(query: string, row: z.ZodType<T>) => Promise<T[]>;

/**
 * Looks at a PostgreSQL server with fixed queries, each look in a connection of its own and in one read-only transaction with a time
 * limit. A server that says it has no room for one more session has answered. Never throws.
 */
export function createPostgres(settings: PostgresSettings): PostgresDriver {
  return {
    activity: async (signal) => {
      const seen = await look(settings, activity, signal);
      return seen.kind === 'gap' && seen.reason === 'refused' && FULL.test(seen.detail)
        ? { kind: 'seen', value: full(seen.detail) }
        : seen;
    },
    locks: (signal) => look(settings, locks, signal),
    replication: (signal) => look(settings, replication, signal),
    sizes: (signal) => look(settings, sizes, signal),
  };
}

async function look<T>(
  settings: PostgresSettings,
  read: (ask: Ask) => Promise<T>,
  signal: AbortSignal,
): Promise<Seen<T>> {
  if (signal.aborted) return { kind: 'gap', reason: 'timeout', detail: 'stopped before it was sent' };
  const socket = new Socket();
  const client = await clientOf(settings, socket).catch((error: unknown) => messageOf(error));
  if (typeof client === 'string')
    return { kind: 'gap', reason: 'not_configured', detail: shortForeign(client) };
  // A connection that breaks says so here as well as at the query that it breaks.
  client.on('error', () => {});
  // A server that says nothing does not close its side: what was to be said is sent, then the connection is gone.
  const stop = (): void => {
    client.end().catch(() => {});
    socket.destroySoon();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    await client.connect();
    await client.query(`begin transaction read only; set local statement_timeout = ${timeoutOf(settings)}`);
    const ask: Ask = async (query, row) => z.array(row).parse((await client.query(query)).rows);
    return { kind: 'seen', value: await read(ask) };
  } catch (error) {
    return gapOfError(error, signal);
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

const timeoutOf = ({ timeoutMs = 4000 }: PostgresSettings): number => Math.round(timeoutMs);

async function clientOf(settings: PostgresSettings, socket: Socket): Promise<Client> {
  const { host, port, database, user, password, tls } = settings;
  const timeoutMs = timeoutOf(settings);
  const { default: pg } = await import('pg');
  return new pg.Client({
    ...{ host, port, database, user, password: password?.() ?? '' },
    ssl: tls ? { rejectUnauthorized: true } : false,
    stream: () => socket,
    application_name: 'firebreak',
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs + 500,
  });
}

/** Throws where the role does not see what others do. */
async function ofAll(ask: Ask): Promise<void> {
  const [may] = await ask(sql.MAY_SEE, May);
  if (may?.others !== true)
    throw new NotAll('this role may not see what others do; make it a member of pg_monitor');
}

async function activity(ask: Ask): Promise<PostgresActivity> {
  await ofAll(ask);
  const sessions = await ask(sql.SESSIONS, Session);
  const settings = await ask(sql.SETTINGS_THAT_MATTER, Setting);
  const settingOf = (name: string): number =>
    Number(settings.find((one) => one.name === name)?.value ?? Number.NaN);
  const isNew = settingOf('server_version_num') >= 170_000;
  const [points] = await ask(isNew ? sql.CHECKPOINTS : sql.CHECKPOINTS_16, Checkpoints);
  const room = settingOf('max_connections') - settingOf('superuser_reserved_connections');
  return {
    look: 'activity',
    ...summary(sessions),
    maxConnections: Number.isInteger(room) ? room : null,
    checkpoints:
      points === undefined
        ? null
        : { timed: points.timed, requested: points.requested, sinceS: points.since_s },
    settings,
    resources: null,
    messages: null,
  };
}

/** What the server said instead of letting us in. */
function full(said: string): PostgresActivity {
  return {
    ...{
      look: 'activity',
      connections: null,
      maxConnections: null,
      byState: null,
      waits: null,
      queries: null,
    },
    ...{ checkpoints: null, settings: null, resources: null, messages: [{ ageS: 0, text: said }] },
  };
}

async function locks(ask: Ask): Promise<PostgresLocks> {
  await ofAll(ask);
  const waiters = await ask(sql.WAITERS, Waiter);
  return lockTree(waiters, waiters.length === 0 ? [] : await ask(sql.SESSIONS, Session));
}

async function replication(ask: Ask): Promise<PostgresReplication> {
  await ofAll(ask);
  const [role] = await ask(sql.ROLE, Role);
  const replicas = await ask(sql.REPLICAS, Replica);
  const slots = await ask(sql.SLOTS, Slot);
  return {
    look: 'replication',
    role: role === undefined ? null : role.standby ? 'standby' : 'primary',
    lagS: role?.lag_s == null ? null : Math.max(0, role.lag_s),
    replicas: replicas.map(({ name, state, lag_bytes, lag_s }) => ({
      ...{ name, state, lagBytes: positive(lag_bytes), lagS: positive(lag_s) },
    })),
    slots: slots.map(({ name, active, held_bytes }) => ({ name, active, heldBytes: positive(held_bytes) })),
    walPerS: null,
  };
}

const positive = (value: number | null): number | null => (value === null ? null : Math.max(0, value));

async function sizes(ask: Ask): Promise<PostgresSizes> {
  const databases = await ask(sql.DATABASES, Sized);
  const tables = await ask(sql.TABLES, Sized);
  const [may] = await ask(sql.MAY_SEE_WAL, MayWal);
  const [wal] = may?.wal === true ? await ask(sql.WAL_SIZE, Wal) : [];
  return {
    ...{ look: 'sizes', freeBytes: null, totalBytes: null, fullInS: null },
    walBytes: wal?.bytes ?? null,
    databases,
    tables,
  };
}

const FULL = /too many (clients|connections)|remaining connection slots|connection limit exceeded/;
const Coded = z.object({ code: z.string() });
/** Nobody was there, or the connection broke. */
const GONE = /^(ECONN|EHOST|ENET|ENOTFOUND|EAI_|EPIPE|08|57P0)/;
/** Credentials, rights, or no room: the server answered. */
const REFUSED = /^(28|42501|3D000|53300)/;

function gapOfError(error: unknown, signal: AbortSignal): Gap {
  const detail = shortForeign(messageOf(error));
  if (error instanceof z.ZodError) return { kind: 'gap', reason: 'bad_answer', detail };
  if (error instanceof NotAll) return { kind: 'gap', reason: 'refused', detail };
  const code = Coded.safeParse(error).data?.code ?? '';
  if (signal.aborted) return { kind: 'gap', reason: 'timeout', detail: 'stopped while waiting' };
  if (REFUSED.test(code)) return { kind: 'gap', reason: 'refused', detail };
  if (code === '57014' || /timeout/i.test(detail)) return { kind: 'gap', reason: 'timeout', detail };
  const isGone = GONE.test(code) || /terminated|ended/.test(detail) || error instanceof AggregateError;
  return { kind: 'gap', reason: isGone ? 'unreachable' : 'bad_answer', detail };
}
