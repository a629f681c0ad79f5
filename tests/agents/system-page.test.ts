import { describe, expect, test } from 'vitest';
import { rulesModel } from '#agents/rules/model.ts';
import { realClock } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { ServiceId } from '#core/ids.ts';
import { runCase } from '#evals/engine.ts';
import { OwnCase } from '#evals/own/case.ts';
import { staticCluster } from '#evals/own/static-cluster.ts';
import { readFact } from '#incidents/entry.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import type { Wake } from '#incidents/reports.ts';
import type { World } from '#tools/drivers/ports.ts';
import { replyOf, wakeItem } from './rules-rig.ts';

const none = { kind: 'gap', reason: 'not_configured', detail: 'there is none' } as const;

/** A bakery whose stock service selects no pods, and whose oven crashes. */
const { cluster } = OwnCase.parse({
  ...{ id: 'bakery', about: 'two faults', page: { name: 'Page' }, expect: { cause: null, object: null } },
  cluster: {
    namespace: 'bakery',
    well: [{ app: 'till', outside: true }],
    objects: [
      { kind: 'workload', name: 'stock', selector: { app: 'stock' } },
      { kind: 'pod', name: 'stock-0', app: 'stock', node: 'n1', labels: { app: 'stock' } },
      { kind: 'service', name: 'stock', selector: { app: 'stok' }, ports: [{ port: 80 }] },
      { kind: 'endpoints', name: 'stock' },
    ],
  },
});

function inventoryOf(service: Partial<Service> & { id: ServiceId }): Inventory {
  const one: Service = {
    ...{ environment: 'eval', owner: 'team', mode: 'observe', dependsOn: [], maxReplicas: 1, signals: {} },
    cluster: { driver: 'main', namespace: 'bakery' },
    ...service,
  };
  return { version: sha256('bakery'), services: new Map([[one.id, one]]) };
}

const world: World = {
  metrics: new Map(),
  workloads: new Map(),
  logs: { search: () => Promise.resolve(none) },
  probe: { get: () => Promise.resolve(none) },
  clusters: new Map([['main', staticCluster(cluster)]]),
};

const page = (inventory: Inventory, service: string) =>
  runCase({
    ...{ inventory, world, clock: realClock, maxReads: null },
    alerts: [
      {
        ...{ source: 'eval', status: 'firing', fingerprint: sha256('page'), name: 'PartsUnreachable' },
        ...{
          severity: 'critical',
          service,
          environment: 'eval',
          startsAt: realClock.now(),
          summary: 'words',
        },
      },
    ],
  });

describe('a page that names a whole system', () => {
  const inventory = inventoryOf({ id: ServiceId.parse('bakery'), isSystem: true });

  test('is diagnosed at once, without a monitor', async () => {
    const opened: Wake = {
      kind: 'opened',
      service: 'service:bakery',
      system: true,
      severity: 'critical',
      about: null,
      startedAt: 5,
    };
    const { calls } = await replyOf(rulesModel(inventory), 'coordinator', { items: [wakeItem(opened)] });
    expect(calls.map(({ tool, args }) => [tool, args])).toEqual([
      [
        'sessions_spawn',
        {
          role: 'diagnosis',
          brief: {
            role: 'diagnosis',
            service: 'service:bakery',
            severity: 'critical',
            since: 5,
            findings: [],
          },
        },
      ],
    ]);
  });

  test('ends with what in its cluster is wrong, by looks that are in the log, and nothing is changed', async () => {
    const { incident, entries, effects, errors } = await page(inventory, 'bakery');
    const [first] = incident?.diagnosis?.hypotheses ?? [];
    expect(first).toMatchObject({
      cause: 'service_selector_mismatch',
      object: 'app:stock',
      service: 'bakery',
    });
    const answered = entries.flatMap((entry) => {
      const fact = readFact(entry);
      return fact?.kind === 'tool.finished' && fact.body.outcome === 'ok' ? [fact.body.call] : [];
    });
    expect(first?.for.length).toBeGreaterThan(0);
    for (const call of first?.for ?? []) expect(answered).toContain(call);
    expect({ effects, errors, escalated: incident?.escalated?.reason }).toEqual({
      effects: 0,
      errors: [],
      escalated: 'no_safe_action',
    });
  });
});

test('a page about one service blames nothing in its namespace that it has nothing to do with', async () => {
  const inventory = inventoryOf({ id: ServiceId.parse('till') });
  const { rank } = await import('#diagnosis/rank.ts');
  const { evidenceOf } = await import('#diagnosis/evidence.ts');
  const { nextReads } = await import('#diagnosis/next-reads.ts');
  const ranking = rank(evidenceOf([], []), inventory, {
    service: ServiceId.parse('till'),
    signal: null,
    since: 0,
  });
  expect(nextReads(ranking, 4).map(({ tool }) => tool)).toContain('k8s_list');
  const { incident } = await page(inventory, 'till');
  const blamed = (incident?.diagnosis?.hypotheses ?? []).map(({ object }) => object);
  expect(blamed).not.toContain('app:stock');
});
