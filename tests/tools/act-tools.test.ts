import { expect, test } from 'vitest';
import { Step } from '#approvals/plan.ts';
import { ServiceId } from '#core/ids.ts';
import { actTools } from '#tools/act/tools.ts';
import type { ActOrder, ToolContext } from '#tools/tool.ts';
import { fakeContext } from './fake-context.ts';

const target = 'service:checkout';

function toolNamed(name: string) {
  const tool = actTools.find((one) => one.name === name);
  if (!tool) throw new Error(`no tool ${name}`);
  return tool;
}
async function prepare(name: string, args: object, context: ToolContext) {
  const tool = toolNamed(name);
  return await tool.prepare(tool.args.parse(args), context);
}
async function stepOf(name: string, args: object, context: ToolContext): Promise<Step> {
  const prepared = await prepare(name, args, context);
  if (prepared.kind === 'refused') throw new Error(`${prepared.reason}: ${prepared.detail}`);
  return Step.parse(prepared.step);
}
function orderOf(
  change: ActOrder['change'],
  expectGeneration: number,
  context: ToolContext,
  key = 'k-1',
): ActOrder {
  const service = context.inventory.services.get(ServiceId.parse('checkout'));
  if (!service) throw new Error('no checkout');
  return { service, change, key, expectGeneration };
}

test('a roll-back step pins the target, shows the effect, names who feels it and how to take it back', async () => {
  const { shop, context } = fakeContext();
  shop.inject('bad-deploy', 'checkout');
  const step = await stepOf('service_rollback', { target, to: 'deploy:checkout@-1' }, context);
  expect(step).toEqual({
    tool: 'service_rollback',
    toolVersion: 1,
    tier: 'R2',
    change: { tool: 'service_rollback', target, to: 'deploy:checkout@-1' },
    target: { ref: target, service: 'checkout', environment: 'demo', uid: 'uid-checkout', generation: 2 },
    preview: {
      before: { version: 'v42', replicas: 2 },
      after: { version: 'v41', replicas: 2 },
      instances: 2,
    },
    undo: { tool: 'service_rollback', version: 'v42' },
    touches: ['checkout', 'gateway'],
    deadlineMs: 60_000,
    manual: 'shopctl rollback checkout',
  });
  expect(shop.applied).toEqual([]);
});

test('a restart cannot be taken back, a scale goes back to the count before', async () => {
  const { context } = fakeContext();
  expect((await stepOf('service_restart', { target }, context)).undo).toBeNull();
  const scale = await stepOf('service_scale', { target, replicas: 3 }, context);
  expect(scale.undo).toEqual({ tool: 'service_scale', replicas: 2 });
  expect(scale.preview).toMatchObject({ instances: 1 });
});

test('a change that would change nothing is refused', async () => {
  const { shop, context } = fakeContext();
  expect(await prepare('service_scale', { target, replicas: 2 }, context)).toMatchObject({
    kind: 'refused',
    reason: 'no_change',
  });
  shop.deployByHand('checkout', 'v41');
  expect(await prepare('service_rollback', { target, to: 'deploy:checkout@-1' }, context)).toMatchObject({
    reason: 'no_change',
  });
});

test.each([
  ['service_scale', { target, replicas: 5 }, 'too_many_replicas'],
  ['service_rollback', { target, to: 'deploy:inventory@-1' }, 'invalid_arguments'],
  ['service_rollback', { target, to: 'deploy:checkout@-9' }, 'dry_run_failed'],
  ['service_restart', { target: 'service:nobody' }, 'unknown_reference'],
])('%s %j is refused: %s', async (name, args, reason) => {
  const { context } = fakeContext();
  expect(await prepare(name, args, context)).toMatchObject({ kind: 'refused', reason });
});

test('no step without a dry run', async () => {
  const { shop, context } = fakeContext();
  shop.blind.add('workload');
  for (const [name, args] of [
    ['service_restart', { target }],
    ['service_scale', { target, replicas: 3 }],
  ] as const) {
    expect(await prepare(name, args, context)).toMatchObject({ kind: 'refused', reason: 'dry_run_failed' });
  }
});

test('arguments are references and bounded numbers only; none at all is not a number of instances', () => {
  const scale = toolNamed('service_scale').args;
  for (const replicas of [0, -1, 1.5, 1001, '3', null])
    expect(scale.safeParse({ target, replicas }).success).toBe(false);
  expect(toolNamed('service_rollback').args.safeParse({ target, to: 'v41' }).success).toBe(false);
  expect(toolNamed('service_restart').args.safeParse({ target, force: true }).success).toBe(false);
  expect(toolNamed('service_restart').args.safeParse({ target: 'checkout; rm -rf /' }).success).toBe(false);
});

test('performing changes the target once, however often the same key is sent', async () => {
  const { shop, context } = fakeContext();
  shop.inject('bad-deploy', 'checkout');
  const tool = toolNamed('service_rollback');
  const order = orderOf({ tool: 'service_rollback', target, to: 'deploy:checkout@-1' }, 2, context);
  expect(await tool.perform(order, context)).toMatchObject({ kind: 'done', generation: 3 });
  expect(await tool.perform(order, context)).toMatchObject({ kind: 'done', generation: 3 });
  expect(shop.applied).toHaveLength(1);
  expect(shop.state('checkout').deployments[0]?.version).toBe('v41');
  const undo = orderOf({ tool: 'service_rollback', target, version: 'v42' }, 3, context, 'k-2');
  expect(await tool.perform(undo, context)).toMatchObject({ kind: 'done' });
  expect(shop.state('checkout').deployments[0]?.version).toBe('v42');
});

test('a target that somebody else changed since is not touched', async () => {
  const { shop, context } = fakeContext();
  shop.deployByHand('checkout', 'v41');
  const order = orderOf({ tool: 'service_restart', target }, 1, context);
  expect(await toolNamed('service_restart').perform(order, context)).toMatchObject({
    kind: 'refused',
    reason: 'generation',
  });
  expect(shop.applied).toEqual([]);
});

test('an order whose change names another service than its own goes nowhere', async () => {
  const { shop, context } = fakeContext();
  const order = orderOf({ tool: 'service_restart', target: 'service:inventory' }, 1, context);
  expect(await toolNamed('service_restart').perform(order, context)).toMatchObject({ kind: 'refused' });
  expect(shop.applied).toEqual([]);
});

test('after a lost answer the backend still knows whether it happened', async () => {
  for (const [mishap, settled] of [
    ['lost_answer', 'happened'],
    ['lost_request', 'did_not_happen'],
  ] as const) {
    const { shop, context } = fakeContext();
    shop.breakNextChange(mishap);
    const tool = toolNamed('service_restart');
    const order = orderOf({ tool: 'service_restart', target }, 1, context);
    expect(await tool.perform(order, context)).toMatchObject({ kind: 'unknown' });
    expect(await tool.settle(order, context)).toBe(settled);
  }
});
