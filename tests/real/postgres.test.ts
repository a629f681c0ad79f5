import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { sha256 } from '#core/hash.ts';
import { serve } from '#server/main.ts';
import { createPostgres } from '#tools/drivers/postgres.ts';
import { never } from '../tools/loopback.ts';
import { PASSWORD, type RunningPostgres, startPostgres } from './a-postgres.ts';

const ROLE_PASSWORD = 'only-to-look';
const PERSON = 'fbk_token-of-a-person';
let started: RunningPostgres | string = 'not started';

beforeAll(async () => {
  started = await startPostgres(['-c', 'max_connections=30']);
  if (typeof started === 'string') {
    console.warn(`skipped: a real PostgreSQL cannot be started on this machine (${started})`);
    return;
  }
  const setup = await started.session('setup');
  await setup.query(`create role watcher login password '${ROLE_PASSWORD}' in role pg_monitor`);
  await setup.query(`create role stranger login password '${ROLE_PASSWORD}'`);
  await setup.query('create table orders (id int primary key, state text)');
  await setup.query(`insert into orders select n, 'new' from generate_series(1, 100) as n`);
  await setup.end();
}, 90_000);
afterAll(async () => {
  if (typeof started !== 'string') await started.stop();
}, 30_000);

/** The server, or the end of the test where there is none. */
function real(skip: () => never): RunningPostgres {
  return typeof started === 'string' ? skip() : started;
}

type Over = { user?: string; password?: () => string; timeoutMs?: number };
const looking = (port: number, over: Over = {}) =>
  createPostgres({
    ...{ host: '127.0.0.1', port, database: 'shop', user: 'watcher', tls: false },
    password: () => ROLE_PASSWORD,
    ...over,
  });

/** One session that forgot to commit, and others that want the same row. */
async function pileUp(
  server: RunningPostgres,
  waiters: number,
): Promise<{ blocker: number; end(): Promise<void> }> {
  const holder = await server.session('billing-batch');
  await holder.query('begin');
  await holder.query(`update orders set state = 'held' where id = 7`);
  const { rows } = await holder.query<{ pid: number }>('select pg_backend_pid() as pid');
  const others: pg.Client[] = [];
  const waiting: Promise<unknown>[] = [];
  for (let n = 0; n < waiters; n += 1) {
    const other = await server.session('checkout');
    others.push(other);
    waiting.push(other.query(`update orders set state = 'secret-value-4711' where id = 7`).catch(() => {}));
  }
  return {
    blocker: rows[0]?.pid ?? -1,
    end: async () => {
      await holder.query('rollback');
      await Promise.all(waiting);
      await Promise.all([holder, ...others].map((one) => one.end()));
    },
  };
}

test('who holds a lock that others wait for is seen, and no value of a statement', async ({ skip }) => {
  const server = real(skip);
  const driver = looking(server.port);
  const pile = await pileUp(server, 4);
  onTestFinished(pile.end);
  await expect.poll(async () => waitingOf(await driver.locks(never)), { timeout: 10_000 }).toBe(4);
  const locks = await driver.locks(never);
  expect(locks).toMatchObject({
    kind: 'seen',
    value: {
      waiting: 4,
      blockers: [
        {
          ...{ session: pile.blocker, app: 'billing-batch', state: 'idle in transaction', waiting: 4 },
          ...{ relation: 'orders', text: 'select pg_backend_pid() as pid' },
        },
      ],
    },
  });
  const activity = await driver.activity(never);
  expect(activity).toMatchObject({ value: { byState: { waitingForLock: 4, idleInTransaction: 1 } } });
  expect(JSON.stringify([locks, activity])).not.toContain('secret-value');
});

const waitingOf = (seen: Awaited<ReturnType<ReturnType<typeof looking>['locks']>>): number =>
  seen.kind === 'seen' ? seen.value.waiting : -1;

test('activity, replication and sizes of a real server have the shape that diagnosis reads', async ({
  skip,
}) => {
  const driver = looking(real(skip).port);
  expect(await driver.activity(never)).toMatchObject({
    kind: 'seen',
    value: { maxConnections: 27, checkpoints: { requested: expect.any(Number) } },
  });
  expect(await driver.replication(never)).toMatchObject({
    kind: 'seen',
    value: { role: 'primary', lagS: null, replicas: [], slots: [] },
  });
  const sizes = await driver.sizes(never);
  expect(sizes).toMatchObject({ kind: 'seen', value: { freeBytes: null } });
  expect(JSON.stringify(sizes)).toContain('"orders"');
});

test('a look leaves no connection behind', async ({ skip }) => {
  const server = real(skip);
  const driver = looking(server.port);
  await driver.activity(never);
  const setup = await server.session('check');
  const left = async () => {
    const asked = `select count(*)::int as n from pg_stat_activity where application_name = 'firebreak'`;
    return (await setup.query(asked)).rows;
  };
  // The server takes a moment to end a session that has said goodbye.
  await expect.poll(left).toEqual([{ n: 0 }]);
});

test('a role that may not see what others do has seen nothing, not that nobody waits', async ({ skip }) => {
  const server = real(skip);
  const pile = await pileUp(server, 3);
  onTestFinished(pile.end);
  await expect
    .poll(async () => waitingOf(await looking(server.port).locks(never)), { timeout: 10_000 })
    .toBe(3);
  const blind = looking(server.port, { user: 'stranger' });
  const gap = { kind: 'gap', reason: 'refused', detail: expect.stringContaining('pg_monitor') };
  expect(await blind.locks(never)).toMatchObject(gap);
  expect(await blind.activity(never)).toMatchObject(gap);
  expect(await blind.replication(never)).toMatchObject(gap);
  expect(await blind.sizes(never)).toMatchObject({ kind: 'seen' });
});

test('a wrong password and a server that is full are told apart', async ({ skip }) => {
  const server = real(skip);
  expect(await looking(server.port, { password: () => 'wrong' }).locks(never)).toMatchObject({
    kind: 'gap',
    reason: 'refused',
  });
  const crowd: pg.Client[] = [];
  onTestFinished(async () => void (await Promise.all(crowd.map((one) => one.end()))));
  for (let n = 0; n < 30; n += 1) {
    try {
      crowd.push(await server.session('crowd'));
    } catch {
      break;
    }
  }
  expect(await looking(server.port).activity(never)).toMatchObject({
    kind: 'seen',
    value: {
      connections: null,
      messages: [{ ageS: 0, text: expect.stringMatching(/connection slots|too many/) }],
    },
  });
});

test('a real lock pile-up is paged and diagnosed, with the session that holds the others up', async ({
  skip,
}) => {
  const server = real(skip);
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-postgres-server-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const pile = await pileUp(server, 5);
  onTestFinished(pile.end);
  await expect
    .poll(async () => oldestOf(await looking(server.port).locks(never)), { timeout: 15_000 })
    .toBeGreaterThan(5);
  const url = await startServer(dir, server.port);
  expect(await page(url)).toBe(202);
  const incident = async () =>
    (await fetch(`${url}/v1/incidents/INC-1`, { headers: { authorization: `Bearer ${PERSON}` } })).text();
  await expect
    .poll(incident, { timeout: 30_000 })
    .toContain(`others wait for locks of database session ${pile.blocker}`);
  const told = await incident();
  expect(told).toContain('"word":"confirmed"');
  expect(told).not.toContain('secret-value');
  expect(told).not.toContain(ROLE_PASSWORD);
  expect(told).not.toContain(PASSWORD);
}, 60_000);

const oldestOf = (seen: Awaited<ReturnType<ReturnType<typeof looking>['locks']>>): number =>
  seen.kind === 'seen' ? (seen.value.oldestWaitS ?? 0) : -1;

async function startServer(dir: string, port: number): Promise<string> {
  const configPath = join(dir, 'firebreak.yaml');
  writeFileSync(join(dir, 'alerts'), 'alert-token\n', { mode: 0o600 });
  writeFileSync(join(dir, 'watcher'), `${ROLE_PASSWORD}\n`, { mode: 0o600 });
  writeFileSync(
    configPath,
    `listen: {host: 127.0.0.1, port: 0}
default_owner: team-shop
teams: [{id: team-shop, name: Shop}]
people: [{id: olga, name: Olga, token: "sha256:${sha256(PERSON)}", roles: [responder]}]
sources: {alertmanager: {kind: alertmanager, token: "file:./alerts"}}
databases: {orders: {kind: postgres, host: 127.0.0.1, port: ${port}, database: shop, user: watcher, secret: "file:./watcher"}}
services:
  - {id: orders-db, postgres: {driver: orders}, host: true}
`,
  );
  const server = await serve({ configPath, dataDir: join(dir, 'data'), version: '0.0.0' });
  onTestFinished(server.stop);
  return server.url;
}

async function page(url: string): Promise<number> {
  const alert = {
    status: 'firing',
    labels: { alertname: 'PostgresSlowQueries', service: 'orders-db', severity: 'critical' },
    annotations: { summary: 'statements take seconds' },
    startsAt: new Date(Date.now() - 5000).toISOString(),
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: '',
    fingerprint: 'a1b2c3d4e5f60718',
  };
  const answer = await fetch(`${url}/v1/alerts/alertmanager`, {
    method: 'POST',
    headers: { authorization: 'Bearer alert-token', 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ version: '4', groupKey: '{}', truncatedAlerts: 0, status: 'firing', receiver: 'firebreak' },
      ...{ groupLabels: {}, commonLabels: {}, commonAnnotations: {}, externalURL: '', alerts: [alert] },
    }),
  });
  return answer.status;
}
