import { describe, expect, test } from 'vitest';
import type { ChangeOrder, WorkloadDriver } from '#tools/drivers/ports.ts';
import { run } from '../fakes/kubernetes/a-shop.ts';
import { aCluster, isSettled, shopService, until } from './a-cluster.ts';
import { aService } from './a-service.ts';
import { supervised } from './a-supervisor.ts';
import { never } from './loopback.ts';

// What every driver of what runs the services must do, on what it really speaks to: checkout was v41 and is v42, twice.

const target = 'service:checkout';
const bySupervisor = async (): Promise<WorkloadDriver> => {
  const { driver } = await supervised();
  const change = { tool: 'service_rollback', target, version: 'v42' } as const;
  await driver.apply(aService(), { change, key: 'first', expectGeneration: 1 }, never);
  return driver;
};
const byKubernetes = async (): Promise<WorkloadDriver> => {
  const { fake, workload } = await aCluster();
  for (const version of ['v41', 'v42']) {
    run(fake, { name: 'checkout', image: `checkout:${version}` });
    await until(() => isSettled(fake));
  }
  return workload;
};

async function seenBy(driver: WorkloadDriver) {
  const seen = await driver.describe(shopService, never);
  if (seen.kind === 'gap') throw new Error(seen.detail);
  return seen.value;
}
const restart = { tool: 'service_restart', target } as const;
const back = { tool: 'service_rollback', target, to: 'deploy:checkout@-1' } as const;
const scale = { tool: 'service_scale', target, replicas: 3 } as const;
const order = (change: ChangeOrder['change'], expectGeneration: number, key = 'k-1'): ChangeOrder => ({
  ...{ change, key, expectGeneration },
});

describe.each([
  ['a supervisor of processes', bySupervisor],
  ['Kubernetes', byKubernetes],
])('%s', (_, open) => {
  test.each([restart, back, scale])(
    'does what its dry run of $tool showed, and a dry run does nothing',
    async (change) => {
      const driver = await open();
      const before = await seenBy(driver);
      const dry = await driver.dryRun(shopService, change, never);
      if (dry.kind === 'gap') throw new Error(dry.detail);
      const { preview, uid, generation } = dry.value;
      expect({ uid, generation }).toEqual({ uid: before.uid, generation: before.generation });
      expect(preview.before).toEqual({ version: before.version, replicas: before.replicas });
      expect(await seenBy(driver)).toEqual(before);
      const done = await driver.apply(shopService, order(change, generation), never);
      const after = await seenBy(driver);
      expect(done).toMatchObject({ kind: 'done', generation: after.generation });
      expect(after.uid).toBe(uid);
      expect(after.generation).toBeGreaterThan(generation);
      expect(after.replicas).toBe(preview.after.replicas);
      const name = (version: string): string => version.split(' ')[0] ?? '';
      expect(name(after.version)).toBe(name(preview.after.version));
    },
  );

  test('makes a change once for each key, and can say of a key whether it happened', async () => {
    const driver = await open();
    const { generation } = await seenBy(driver);
    expect(await driver.settle(shopService, 'k-1', never)).toBe('did_not_happen');
    await driver.apply(shopService, order(scale, generation), never);
    const once = await seenBy(driver);
    expect(await driver.apply(shopService, order(scale, generation), never)).toMatchObject({ kind: 'done' });
    expect((await seenBy(driver)).generation).toBe(once.generation);
    expect(await driver.settle(shopService, 'k-1', never)).toBe('happened');
  });

  test('refuses a change for another generation than is there now', async () => {
    const driver = await open();
    const { generation, replicas } = await seenBy(driver);
    const stale = await driver.apply(shopService, order(scale, generation + 1), never);
    expect(stale).toMatchObject({ kind: 'refused', reason: 'generation' });
    expect((await seenBy(driver)).replicas).toBe(replicas);
    expect(await driver.settle(shopService, 'k-1', never)).toBe('did_not_happen');
  });

  test('goes back to the version before, and from there to the exact one that ran', async () => {
    const driver = await open();
    const { version, generation } = await seenBy(driver);
    const first = await driver.apply(shopService, order(back, generation), never);
    const then = first.kind === 'done' ? first.generation : 0;
    expect((await seenBy(driver)).version).not.toBe(version);
    const undo = { tool: 'service_rollback', target, version } as const;
    expect(await driver.apply(shopService, order(undo, then, 'k-undo'), never)).toMatchObject({
      kind: 'done',
    });
    expect((await seenBy(driver)).version).toBe(version);
  });

  test('tells of deployments the newest first, and what runs is the first', async () => {
    const driver = await open();
    const seen = await driver.deployments(shopService, never);
    const versions = seen.kind === 'seen' ? seen.value.map(({ version }) => version) : [];
    expect(versions[0]).toBe((await seenBy(driver)).version);
    expect(versions.length).toBe(2);
  });

  test('says of a service that is not there that it is not, and refuses to change it', async () => {
    const driver = await open();
    const stranger = aService({ workload: { driver: 'x', name: 'nobody' } });
    expect(await driver.describe(stranger, never)).toMatchObject({ kind: 'gap', reason: 'no_data' });
    expect(await driver.dryRun(stranger, restart, never)).toMatchObject({ kind: 'gap' });
    expect(await driver.apply(stranger, order(restart, 1), never)).toMatchObject({ kind: 'refused' });
  });
});
