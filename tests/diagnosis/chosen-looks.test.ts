import { expect, test } from 'vitest';
import { CallId, Digest, ServiceId } from '#core/ids.ts';
import { evidenceOf, type ReadResult } from '#diagnosis/evidence.ts';
import type { Scene } from '#diagnosis/scene.ts';
import { freshErrors } from '#diagnosis/symptoms.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import type { LogsSeen } from '#incidents/observations.ts';

const PAGED = 1_700_000_000_000;
const service = ServiceId.parse('checkout');
const checkout: Service = {
  ...{ id: service, environment: 'test', owner: 'team', mode: 'observe', dependsOn: [], maxReplicas: 1 },
  ...{ signals: {}, logs: ['/var/log/checkout.log'] },
};
const inventory: Inventory = {
  version: Digest.parse('0'.repeat(64)),
  services: new Map([[service, checkout]]),
};

/** A look at the log, with the level and the time that whoever looked chose. */
const look = (at: number, level: LogsSeen['level'], minutes: number, fresh: boolean): ReadResult => ({
  ...{ read: { tool: 'logs_search', service }, kind: 'seen', call: CallId.parse(`e${at}`) },
  value: {
    ...{ service, level, from: PAGED + 30_000 - minutes * 60_000, total: 9, truncated: false },
    templates: [{ template: 'stock is gone', count: 9, firstAt: PAGED, fresh }],
  },
});
function told(...looks: ReadResult[]) {
  const about = { service, signal: null, since: PAGED };
  const scene: Scene = { evidence: evidenceOf(looks, []), inventory, about };
  return freshErrors(scene, service);
}

test('a new kind of line is a new kind of error only in a look at errors', () => {
  expect(told(look(1, 'error', 15, true)).is).toBe('yes');
  expect(told(look(1, 'any', 15, true)).is).toBe('unseen');
  expect(told(look(1, 'warn', 15, true)).is).toBe('unseen');
});

test('a log of the last moment makes nothing new: it does not show what was before', () => {
  expect(told(look(1, 'error', 1, true)).is).toBe('unseen');
});

test('a look that shows less does not take the place of one at errors', () => {
  for (const less of [look(2, 'any', 60, true), look(2, 'error', 1, true)])
    expect(told(look(1, 'error', 15, false), less)).toMatchObject({ is: 'no', calls: ['e1'] });
  expect(told(look(1, 'error', 15, false), look(2, 'error', 60, true))).toMatchObject({ calls: ['e2'] });
});
