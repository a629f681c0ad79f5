import { describe, expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { nodeCordon } from '#tools/act/node-cordon.ts';
import type { WorkloadDriver } from '#tools/drivers/ports.ts';
import type { ToolContext } from '#tools/tool.ts';
import { node, run } from '../fakes/kubernetes/a-shop.ts';
import type { FakeKubernetes } from '../fakes/kubernetes/state.ts';
import { aCluster, driversOf, isSettled, shopService, until } from './a-cluster.ts';
import { never } from './loopback.ts';

const args = { target: 'node:worker-1', service: 'service:checkout' };
const change = { tool: 'node_cordon', ...args } as const;
const undo = { ...change, back: true } as const;

/** Checkout with a pod on worker-1, in a cluster of so many nodes. */
async function onNodes(names: readonly string[] = ['worker-1', 'worker-2', 'worker-3']) {
  const made = await aCluster();
  for (const name of names) node(made.fake, name);
  run(made.fake, { name: 'checkout', image: 'registry.local/shop/checkout:v41' });
  await until(() => isSettled(made.fake));
  for (const pod of made.fake.store.list('pods', 'shop'))
    made.fake.store.put('pods', { ...pod, spec: { ...Object(pod.spec), nodeName: 'worker-1' } });
  return { ...made, context: contextOf(made.workload) };
}

function contextOf(workload: WorkloadDriver): ToolContext {
  const inventory: Inventory = {
    version: sha256('inventory'),
    services: new Map([[shopService.id, shopService]]),
  };
  return {
    inventory,
    clock: realClock,
    runbooks: [],
    signal: never,
    world: {
      metrics: new Map(),
      workloads: new Map([['shop', workload]]),
      logs: { search: async () => ({ kind: 'gap', reason: 'no_data', detail: '' }) },
      probe: { get: async () => ({ kind: 'gap', reason: 'no_data', detail: '' }) },
    },
  };
}

const orderOf = (what: typeof change | typeof undo, key: string) => ({
  ...{ service: shopService, change: what, key, expectGeneration: 0 },
});
const isCordoned = ({ store }: FakeKubernetes) =>
  Object(store.get('nodes', { name: 'worker-1' })?.spec).unschedulable === true;

describe('a cordon is prepared', () => {
  test('with a dry run by the cluster, saying what stays there and where new pods can go; nothing is changed', async () => {
    const { fake, context } = await onNodes();
    const prepared = await nodeCordon.prepare(args, context);
    expect(prepared).toMatchObject({
      kind: 'step',
      step: {
        tool: 'node_cordon',
        tier: 'R2',
        target: {
          ref: 'node:worker-1',
          service: 'checkout',
          uid: expect.stringMatching(/^uid-/),
          generation: 0,
        },
        preview: { node: 'worker-1' },
        seen: { pods: 2, others: 2 },
        undo: { tool: 'node_cordon', service: 'service:checkout', back: true },
        manual: 'kubectl cordon worker-1',
      },
    });
    expect(isCordoned(fake)).toBe(false);
    const patches = fake.calls.filter(({ verb }) => verb === 'patch');
    expect(patches).toMatchObject([{ resource: 'nodes', name: 'worker-1', dryRun: true, status: 200 }]);
  });

  test('never where fewer than two other nodes would take pods: not ready and cordoned ones do not count', async () => {
    const two = await onNodes(['worker-1', 'worker-2']);
    expect(await nodeCordon.prepare(args, two.context)).toMatchObject({ reason: 'too_few_nodes' });
    const { fake, context } = await onNodes();
    const third = fake.store.get('nodes', { name: 'worker-3' });
    if (third === undefined) throw new Error('no node');
    fake.store.put('nodes', { ...third, spec: { unschedulable: true } });
    expect(await nodeCordon.prepare(args, context)).toMatchObject({ reason: 'too_few_nodes' });
    const conditions = [{ type: 'Ready', status: 'False' }];
    fake.store.put('nodes', { ...third, spec: {}, status: { conditions } });
    expect(await nodeCordon.prepare(args, context)).toMatchObject({ reason: 'too_few_nodes' });
  });

  test('never where the other nodes are kept for something else, as those of the control plane are', async () => {
    const { fake, context } = await onNodes();
    const third = fake.store.get('nodes', { name: 'worker-3' });
    if (third === undefined) throw new Error('no node');
    const taint = (effect: string) => ({ ...third, spec: { taints: [{ key: 'kept', effect }] } });
    fake.store.put('nodes', taint('NoSchedule'));
    expect(await nodeCordon.prepare(args, context)).toMatchObject({ reason: 'too_few_nodes' });
    fake.store.put('nodes', taint('PreferNoSchedule'));
    expect(await nodeCordon.prepare(args, context)).toMatchObject({ kind: 'step' });
  });

  test('never for a node without a pod of the service, one that is cordoned, or one that there is not', async () => {
    const { fake, context, workload } = await onNodes();
    const elsewhere = { ...args, target: 'node:worker-2' };
    expect(await nodeCordon.prepare(elsewhere, context)).toMatchObject({ reason: 'not_there' });
    const nowhere = { ...args, target: 'node:worker-9' };
    expect(await nodeCordon.prepare(nowhere, context)).toMatchObject({ reason: 'dry_run_failed' });
    await workload.cordon?.apply({ node: 'worker-1', back: false, key: 'somebody' }, never);
    expect(isCordoned(fake)).toBe(true);
    expect(await nodeCordon.prepare(args, context)).toMatchObject({ reason: 'no_change' });
  });

  test('never on a dry run that shows another change, or without the right to make one', async () => {
    const { fake, context } = await onNodes();
    fake.tokens.set('blind', new Set(['* pods', '* deployments', 'get nodes', 'list nodes']));
    const { workload } = driversOf(fake, undefined, 'blind');
    expect(await nodeCordon.prepare(args, contextOf(workload))).toMatchObject({
      reason: 'dry_run_failed',
      detail: 'refused: not allowed to patch nodes',
    });
    fake.fail({ kind: 'keeps', verb: 'patch' });
    expect(await nodeCordon.prepare(args, context)).toMatchObject({
      ...{ kind: 'refused', reason: 'dry_run_failed' },
      detail: 'bad_answer: the node changed while it was looked at',
    });
  });

  test('never for references of another form: a path, an option, a second line', () => {
    for (const target of [
      'node:../x',
      'node:--all',
      'node:a\nb',
      'worker-1',
      'node:',
      `node:${'a'.repeat(300)}`,
    ])
      expect(nodeCordon.args.safeParse({ ...args, target }).success).toBe(false);
    expect(nodeCordon.args.safeParse({ ...args, back: true }).success).toBe(false);
  });
});

describe('a cordon is made', () => {
  test('once for each key, and is taken back once', async () => {
    const { fake, context } = await onNodes();
    const [there, back] = [orderOf(change, 'fb-1-0-run'), orderOf(undo, 'fb-1-0-undo')];
    expect(await nodeCordon.perform(there, context)).toMatchObject({ kind: 'done', generation: 1 });
    expect(isCordoned(fake)).toBe(true);
    const version = fake.store.version();
    expect(await nodeCordon.perform(there, context)).toMatchObject({ kind: 'done', tookMs: 0 });
    expect(fake.store.version()).toBe(version);
    expect(await nodeCordon.settle(there, context)).toBe('happened');
    expect(await nodeCordon.settle(back, context)).toBe('did_not_happen');
    expect(await nodeCordon.perform(back, context)).toMatchObject({ kind: 'done', generation: 0 });
    expect(isCordoned(fake)).toBe(false);
    expect(await nodeCordon.settle(back, context)).toBe('happened');
    // A repeat that comes late does not cordon it again.
    expect(await nodeCordon.perform(there, context)).toMatchObject({ kind: 'done', tookMs: 0 });
    expect(isCordoned(fake)).toBe(false);
  });

  test('although the node shows signs of life between the look and the write, but not for ever', async () => {
    const { fake, context } = await onNodes();
    fake.fail({ kind: 'moves', verb: 'patch', times: 2 });
    expect(await nodeCordon.perform(orderOf(change, 'fb-1-0-run'), context)).toMatchObject({ kind: 'done' });
    fake.fail({ kind: 'moves', verb: 'patch', times: 9 });
    const back = orderOf(undo, 'fb-1-0-undo');
    expect(await nodeCordon.perform(back, context)).toMatchObject({ kind: 'refused', reason: 'generation' });
    expect(isCordoned(fake)).toBe(true);
  });

  test('not when another node was lost since people decided', async () => {
    const { fake, context } = await onNodes();
    const third = fake.store.get('nodes', { name: 'worker-3' });
    if (third === undefined) throw new Error('no node');
    fake.store.put('nodes', { ...third, spec: { unschedulable: true } });
    expect(await nodeCordon.perform(orderOf(change, 'fb-1-0-run'), context)).toMatchObject({
      ...{ kind: 'refused', reason: 'generation', detail: 'only 1 other nodes would take pods' },
    });
    expect(isCordoned(fake)).toBe(false);
  });

  test('not over what somebody else did: nor is it taken back then', async () => {
    const { fake, workload, context } = await onNodes();
    await workload.cordon?.apply({ node: 'worker-1', back: false, key: 'fb-9-0-run' }, never);
    const there = await nodeCordon.perform(orderOf(change, 'fb-1-0-run'), context);
    expect(there).toMatchObject({ kind: 'refused', reason: 'generation' });
    const back = await nodeCordon.perform(orderOf(undo, 'fb-1-0-undo'), context);
    expect(back).toMatchObject({ kind: 'refused', detail: 'the node was changed since by another order' });
    expect(isCordoned(fake)).toBe(true);
  });

  test('and found out about when its answer was lost; nothing is claimed where nothing can be seen', async () => {
    const { fake, context } = await onNodes();
    fake.fail({ kind: 'lost', verb: 'patch' });
    const order = orderOf(change, 'fb-1-0-run');
    expect(await nodeCordon.perform(order, context)).toMatchObject({ kind: 'unknown' });
    expect(await nodeCordon.settle(order, context)).toBe('happened');
    fake.fail({ kind: 500, verb: 'list', resource: 'nodes' });
    expect(await nodeCordon.settle(order, context)).toBe('unknown');
  });

  test('by nobody who may not patch nodes: nothing happened then', async () => {
    const { fake } = await onNodes();
    fake.tokens.set('reader', new Set(['get nodes', 'list nodes']));
    const context = contextOf(driversOf(fake, undefined, 'reader').workload);
    expect(await nodeCordon.perform(orderOf(change, 'fb-1-0-run'), context)).toMatchObject({
      ...{ kind: 'refused', reason: 'unauthorised' },
      detail: expect.stringContaining('not allowed to patch nodes'),
    });
    expect(isCordoned(fake)).toBe(false);
  });
});
