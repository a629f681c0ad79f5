import { describe, expect, test } from 'vitest';
import { CallId, Digest, ServiceId } from '#core/ids.ts';
import { evidenceOf, type ReadResult } from '#diagnosis/evidence.ts';
import { nextReads } from '#diagnosis/next-reads.ts';
import { type Ranking, rank } from '#diagnosis/rank.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import type {
  PostgresActivity,
  PostgresLocks,
  PostgresReplication,
  PostgresSizes,
} from '#incidents/observations-postgres.ts';

const db = ServiceId.parse('orders-db');
const one: Service = {
  ...{ id: db, environment: 'test', owner: 'team', mode: 'observe', dependsOn: [], maxReplicas: 1 },
  ...{ signals: {}, postgres: { driver: 'orders' } },
};
const inventory: Inventory = {
  version: Digest.parse('0'.repeat(64)),
  services: new Map([[db, one]]),
};

const query = { text: 'select ?', sessions: 1, computing: 1, longestS: 0.1, wait: null, callsPerS: null };
const well = {
  activity: {
    ...{ look: 'activity', connections: 20, maxConnections: 100, resources: null, messages: null },
    byState: { active: 2, idle: 18, idleInTransaction: 0, waitingForLock: 0 },
    waits: [{ type: 'CPU', event: null, sessions: 2 }],
    queries: [query],
    checkpoints: { timed: 300, requested: 3, sinceS: 90_000 },
    settings: [],
  } satisfies PostgresActivity,
  locks: { look: 'locks', waiting: 0, oldestWaitS: null, blockers: [] } satisfies PostgresLocks,
  replication: {
    ...{ look: 'replication', role: 'primary', lagS: null, slots: [], walPerS: null },
    replicas: [{ name: 'standby-1', state: 'streaming', lagBytes: 1024, lagS: 0.1 }],
  } satisfies PostgresReplication,
  sizes: {
    ...{ look: 'sizes', freeBytes: 60e9, totalBytes: 100e9, fullInS: null, walBytes: 1e9 },
    ...{ databases: [], tables: [] },
  } satisfies PostgresSizes,
};
type Facts = {
  activity?: Partial<PostgresActivity> | null;
  locks?: Partial<PostgresLocks> | null;
  replication?: Partial<PostgresReplication> | null;
  sizes?: Partial<PostgresSizes> | null;
};

/** What is said of a server that is well but for these facts; null = that look failed. */
function said(facts: Facts, without: readonly string[] = [], more: readonly ReadResult[] = []): Ranking {
  const looks = ['activity', 'locks', 'replication', 'sizes'] as const;
  const results = looks.map((look, at): ReadResult => {
    const read = { tool: `pg_${look}`, service: db } as const;
    if (facts[look] === null) return { read, kind: 'gap', reason: 'unreachable' };
    return { read, kind: 'seen', call: CallId.parse(`e${at + 1}`), value: { ...well[look], ...facts[look] } };
  });
  return rank(
    evidenceOf([...results, ...more], []),
    { ...inventory, withoutCauses: new Set(without) },
    { service: db, signal: null, since: 0 },
  );
}
const nameOf = ({ outcome, hypotheses: [first] }: Ranking): string =>
  outcome === 'confirmed' || outcome === 'likely' ? (first?.cause ?? 'none') : outcome;

const blocker = (session: number, waiting: number) => ({
  ...{ session, waiting, user: 'app', app: 'batch', state: 'idle in transaction', openS: 90 },
  ...{ relation: 'orders', text: 'update orders set state = ?' },
});
const piled: Partial<PostgresLocks> = { waiting: 6, oldestWaitS: 40, blockers: [blocker(4711, 6)] };
const crowded: Partial<PostgresActivity> = { connections: 99 };
const busyQuery: Partial<PostgresActivity> = {
  waits: [{ type: 'CPU', event: null, sessions: 12 }],
  queries: [{ ...query, sessions: 11, computing: 11, longestS: 60 }, query],
};
const level = (now: number, normal: number) => ({ now, normal });
const resources = (cpu: number) => ({
  cpuShare: level(cpu, 0.2),
  ...{ readsPerS: null, writesPerS: null, diskQueue: null, writeMs: null },
});
const lagging: Partial<PostgresReplication> = {
  replicas: [{ name: 'standby-1', state: 'streaming', lagBytes: 5e9, lagS: 400 }],
};
const written: Partial<PostgresActivity> = {
  waits: [
    { type: 'IO', event: 'DataFileWrite', sessions: 6 },
    { type: 'CPU', event: null, sessions: 2 },
  ],
  messages: [{ ageS: 30, text: 'LOG: checkpoints are occurring too frequently (9 seconds apart)' }],
};
const message = (text: string, ageS = 60) => ({ messages: [{ ageS, text }] });

describe('each cause is named by what shows it', () => {
  test.each<[string, Facts]>([
    ['postgres_lock_pile_up', { locks: piled }],
    ['postgres_connections_exhausted', { activity: crowded }],
    [
      'postgres_connections_exhausted',
      {
        activity: {
          ...{ connections: null, maxConnections: null },
          ...message('FATAL: sorry, too many clients already', 0),
        },
      },
    ],
    ['postgres_replication_lag', { replication: lagging }],
    ['postgres_replication_lag', { replication: { role: 'standby', lagS: 300, replicas: [] } }],
    ['postgres_storage_full', { sizes: { freeBytes: 1e9, totalBytes: 100e9 } }],
    [
      'postgres_storage_full',
      { sizes: { freeBytes: null }, activity: message('could not extend file: No space left on device') },
    ],
    ['postgres_cpu_by_query', { activity: { ...busyQuery, resources: resources(0.97) } }],
    ['postgres_checkpoint_storm', { activity: written }],
  ])('%s', (cause, facts) => {
    expect(nameOf(said(facts))).toBe(cause);
    expect(nameOf(said(facts, [cause]))).not.toBe(cause);
  });
});

describe('what a cause brings about is not named instead of it', () => {
  test.each<[string, string, Facts]>([
    ['sessions that pile up behind a lock', 'postgres_lock_pile_up', { locks: piled, activity: crowded }],
    [
      'locks that wait for a disk that is full',
      'postgres_storage_full',
      { locks: piled, sizes: { freeBytes: 0, totalBytes: 100e9 } },
    ],
    [
      'processors that are busy with what a replica lags behind',
      'postgres_replication_lag',
      { replication: lagging, activity: { ...busyQuery, resources: resources(0.95) } },
    ],
  ])('%s', (_, cause, facts) => {
    expect(nameOf(said(facts))).toBe(cause);
  });
});

describe('what is no fault names nothing', () => {
  test.each<[string, Facts]>([
    [
      'a lock that was waited for shortly',
      { locks: { waiting: 1, oldestWaitS: 0.2, blockers: [blocker(1, 1)] } },
    ],
    ['many connections with room left', { activity: { connections: 80 } }],
    ['a message of long ago', { activity: message('FATAL: sorry, too many clients already', 7200) }],
    ['a full disk that has room again', { activity: message('No space left on device') }],
    ['connections that were refused and have room again', { activity: message('too many clients already') }],
    [
      'one long statement on processors that are idle',
      { activity: { ...busyQuery, resources: resources(0.3) } },
    ],
    [
      'a busy server whose sessions wait',
      { activity: { resources: resources(0.95), waits: [{ type: 'IO', event: null, sessions: 9 }] } },
    ],
    [
      'a replica that is some seconds behind',
      { replication: { replicas: [{ name: 'a', state: null, lagBytes: 1e6, lagS: 3 }] } },
    ],
  ])('%s', (_, facts) => {
    expect(['inconclusive', 'healthy']).toContain(nameOf(said(facts)));
  });
});

test('the session that holds the others up is named', () => {
  expect(said({ locks: piled }).hypotheses[0]).toMatchObject({ object: 'session:4711', for: ['e2'] });
});

test('all well and all seen is healthy; a look that failed, or a disk that is not shown, is not', () => {
  expect(nameOf(said({}))).toBe('healthy');
  for (const facts of [
    { activity: null },
    { locks: null },
    { replication: null },
    { sizes: null },
    { sizes: { freeBytes: null } },
    { activity: { connections: null } },
    { activity: { byState: null } },
    { replication: { replicas: [{ name: 'standby-1', state: null, lagBytes: null, lagS: null }] } },
  ])
    expect(nameOf(said(facts))).toBe('inconclusive');
});

const host = (...free: number[]): ReadResult => ({
  ...{ read: { tool: 'host_status', service: db }, kind: 'seen', call: CallId.parse('e8') },
  value: {
    ...{ load: [1, 1, 1], processors: 4, cpu: null, processes: [] },
    memory: { total: 100, available: 50, swapUsed: null },
    disks: free.map((share, at) => ({ path: `/disk-${at}`, total: 100, free: share * 100 })),
  },
});
const logged = (template: string): ReadResult => ({
  ...{ read: { tool: 'logs_search', service: db }, kind: 'seen', call: CallId.parse('e9') },
  value: {
    ...{ service: db, level: 'error', from: 0, total: 1, truncated: false },
    templates: [{ template, count: 1, firstAt: 1, fresh: true }],
  },
});
const hidden = { sizes: { freeBytes: null, totalBytes: null } };

test('a statement that a client wrote is nothing that the server says', () => {
  const words = 'could not write to file: No space left on device';
  expect(nameOf(said(hidden, [], [logged(`ERROR: ${words}`)]))).toBe('postgres_storage_full');
  for (const of of ['STATEMENT', 'DETAIL', 'QUERY', 'CONTEXT'])
    expect(nameOf(said(hidden, [], [logged(`${of}: select 1 -- ${words}`)]))).toBe('inconclusive');
});

test('a disk is full where it is the only one; of several it is not known which holds the data', () => {
  expect(nameOf(said(hidden, [], [host(0.01)]))).toBe('postgres_storage_full');
  expect(nameOf(said(hidden, [], [host(0.01, 0.6)]))).toBe('inconclusive');
  expect(nameOf(said(hidden, [], [host(0.5), logged('ERROR: disk full')]))).toBe('healthy');
  expect(nameOf(said(hidden, [], [host(0.01, 0.6), logged('ERROR: disk full')]))).toBe(
    'postgres_storage_full',
  );
});

test('a server that was not looked at yet is looked at, locks first', () => {
  const ranking = rank(evidenceOf([], []), inventory, { service: db, signal: null, since: 0 });
  expect(nextReads(ranking, 9).map(({ tool }) => tool)).toEqual([
    ...['pg_locks', 'pg_activity', 'pg_replication', 'pg_sizes'],
  ]);
});

test('a look of another shape, or in the place of another, is a gap and no evidence', () => {
  const call = CallId.parse('e1');
  const evidence = evidenceOf(
    [
      { read: { tool: 'pg_locks', service: db }, kind: 'seen', call, value: { look: 'locks' } },
      { read: { tool: 'pg_activity', service: db }, kind: 'seen', call, value: { ...well.locks, ...piled } },
    ],
    [],
  );
  expect(evidence.postgres).toEqual([]);
  expect(evidence.gaps.map(({ reason }) => reason)).toEqual(['bad_answer', 'bad_answer']);
});
