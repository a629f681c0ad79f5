import { expect, test } from 'vitest';
import type { ChangeOrder } from '#tools/drivers/ports.ts';
import { aService } from './a-service.ts';
import { supervised } from './a-supervisor.ts';
import { never } from './loopback.ts';

const service = aService();
const target = 'service:checkout';

const order = (
  change: ChangeOrder['change'],
  expectGeneration: number,
  key = `k-${expectGeneration}`,
): ChangeOrder => ({ change, key, expectGeneration });

test('deploys, rolls back, scales and restarts, and every dry run tells what then happens', async () => {
  const { driver, managed } = await supervised();
  const changes: ChangeOrder['change'][] = [
    { tool: 'service_rollback', target, version: 'v42' },
    { tool: 'service_rollback', target, to: 'deploy:checkout@-1' },
    { tool: 'service_scale', target, replicas: 3 },
    { tool: 'service_restart', target },
  ];
  const versions: string[] = [];
  for (const change of changes) {
    const dry = await driver.dryRun(service, change, never);
    if (dry.kind === 'gap') throw new Error(dry.detail);
    const { preview, generation } = dry.value;
    expect(managed.view()).toMatchObject(preview.before);
    expect(await driver.apply(service, order(change, generation), never)).toMatchObject({
      kind: 'done',
      generation: generation + 1,
    });
    expect(managed.view()).toMatchObject(preview.after);
    versions.push(managed.view().version);
  }
  expect(versions).toEqual(['v42', 'v41', 'v41', 'v41']);
  expect(managed.view().replicas).toBe(3);
});

test('the reader’s token looks and tries out, and changes nothing', async () => {
  const { reader, managed } = await supervised();
  const change = { tool: 'service_restart', target } as const;
  expect(await reader.describe(service, never)).toMatchObject({ kind: 'seen' });
  expect(await reader.dryRun(service, change, never)).toMatchObject({ kind: 'seen' });
  expect(await reader.apply(service, order(change, 1), never)).toMatchObject({
    kind: 'refused',
    reason: 'unauthorised',
  });
  expect(await reader.settle(service, 'k-1', never)).toBe('did_not_happen');
  expect(managed.view().generation).toBe(1);
});

test('reads the state and the history', async () => {
  const { driver, managed } = await supervised();
  await driver.apply(service, order({ tool: 'service_rollback', target, version: 'v42' }, 1), never);
  expect(await driver.describe(service, never)).toMatchObject({
    value: { uid: managed.view().uid, generation: 2, version: 'v42', instances: [{ startedAt: 0 }, {}] },
  });
  expect(await driver.deployments(service, never)).toMatchObject({
    value: [{ version: 'v42', by: 'firebreak' }, { version: 'v41' }],
  });
});

test('a stale generation, an unknown version and too many instances change nothing', async () => {
  const { driver, managed } = await supervised();
  expect(await driver.apply(service, order({ tool: 'service_restart', target }, 9), never)).toMatchObject({
    kind: 'refused',
    reason: 'generation',
  });
  expect(
    await driver.apply(service, order({ tool: 'service_rollback', target, version: 'v99' }, 1), never),
  ).toMatchObject({ kind: 'refused', reason: 'invalid' });
  expect(
    await driver.apply(service, order({ tool: 'service_scale', target, replicas: 99 }, 1, 'k-99'), never),
  ).toMatchObject({ kind: 'refused', reason: 'invalid' });
  expect(managed.view()).toMatchObject({ generation: 1, version: 'v41', replicas: 2 });
});

test('a key settles by what became of it, and a repeat under another meaning is not called refused', async () => {
  const { driver, managed } = await supervised();
  await driver.apply(service, order({ tool: 'service_rollback', target, version: 'v42' }, 1), never);
  const back = order({ tool: 'service_rollback', target, to: 'deploy:checkout@-1' }, 2);
  expect(await driver.apply(service, back, never)).toMatchObject({ kind: 'done' });
  // The reference now means v42: the supervisor sees another change under the same key and does nothing.
  expect(await driver.apply(service, back, never)).toMatchObject({ kind: 'unknown' });
  expect(managed.view()).toMatchObject({ version: 'v41', generation: 3 });
  expect(await driver.settle(service, back.key, never)).toBe('happened');
  expect(await driver.settle(service, 'never-sent', never)).toBe('did_not_happen');
  await driver.apply(service, order({ tool: 'service_restart', target }, 9), never);
  expect(await driver.settle(service, 'k-9', never)).toBe('did_not_happen');
});
