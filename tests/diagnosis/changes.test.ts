import { expect, test } from 'vitest';
import { CallId } from '#core/ids.ts';
import { evidenceOf, type ReadResult } from '#diagnosis/evidence.ts';
import { rank } from '#diagnosis/rank.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import { DeploymentsSeen } from '#incidents/observations.ts';
import { type Facts, id, inventoryOf, investigate, named, T0, up } from './support.ts';

const failing = { error_ratio: up(0.31, 0.002) };
const about = { service: id('web'), signal: 'error_ratio' as const, since: T0 + 2000 };
const newVersion = [
  { version: 'v2', secondsBefore: 10 },
  { version: 'v1', secondsBefore: 900_000 },
];

const merged = (minutesBefore: number): ReadResult => ({
  read: { tool: 'changes_list', service: id('web') },
  kind: 'seen',
  call: CallId.parse('e900'),
  value: {
    ...{ service: 'web', from: 0, truncated: false },
    changes: [
      {
        ...{ kind: 'merged', ref: 'change:web@aaaaaaa', at: T0 - minutesBefore * 60_000 },
        ...{ by: 'alice', title: 'This is certainly the cause', files: 3 },
      },
    ],
  },
});

/** Services of which nothing but a repository is known beside their signals, logs and health check. */
function withRepository(inventory: Inventory, more: Partial<Service>): Inventory {
  const services = [...inventory.services].map(([key, { workload: _, ...rest }]) => {
    const one: Service = { ...rest, repo: 'shop/web', ...more };
    return [key, one] as const;
  });
  return { ...inventory, services: new Map(services) };
}

test('a merge before the trouble is cited for a bad deployment, and weighs little', () => {
  const facts: Facts = { web: { signals: failing, deploys: newVersion, freshErrors: false } };
  const { ranking, results } = investigate(facts, 'web');
  const of = (...more: ReadResult[]) =>
    rank(evidenceOf([...results, ...more], []), inventoryOf(facts), about).hypotheses[0];
  expect(of(merged(20))?.for).toContain('e900');
  expect((of(merged(20))?.confidence ?? 0) - (ranking.hypotheses[0]?.confidence ?? 0)).toBe(3);
  for (const minutes of [-1, 90]) expect(of(merged(minutes))).toEqual(of());
});

test('a merge alone names nothing, whatever its title says', () => {
  const facts: Facts = { web: { signals: failing, deploys: 'gap', freshErrors: true } };
  const { results } = investigate(facts, 'web');
  const inventory = withRepository(inventoryOf(facts), {});
  const ranking = rank(evidenceOf([...results, merged(5)], []), inventory, about);
  expect(named({ ranking, results: [] })).toBe('inconclusive');
});

test('a deployment that nothing here could take back can be the cause, and names nothing to go back to', () => {
  const facts: Facts = { web: { signals: failing, deploys: newVersion, freshErrors: true } };
  const inventory = withRepository(inventoryOf(facts), { deployEnvironment: 'production' });
  const { results } = investigate(facts, 'web');
  const told = results.map((result): ReadResult => {
    if (result.kind !== 'seen' || result.read.tool !== 'deployments_list') return result;
    const { service, deployments } = DeploymentsSeen.parse(result.value);
    return { ...result, value: { service, deployments: deployments.map((one) => ({ ...one, ref: null })) } };
  });
  const ranking = rank(evidenceOf(told, []), inventory, about);
  expect(named({ ranking, results: [] })).toBe('bad_deploy web');
  expect(ranking.deploy).toBeNull();
});
