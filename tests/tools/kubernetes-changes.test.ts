import { describe, expect, test } from 'vitest';
import type { ChangeOrder } from '#tools/drivers/ports.ts';
import { deployment, run } from '../fakes/kubernetes/a-shop.ts';
import { aCluster, driversOf, isSettled, shopService as service, until } from './a-cluster.ts';
import { never } from './loopback.ts';

const target = 'service:checkout';
const restart = { tool: 'service_restart', target } as const;
const back = { tool: 'service_rollback', target, to: 'deploy:checkout@-1' } as const;
const scale = (replicas: number) => ({ tool: 'service_scale', target, replicas }) as const;

/** A deployment that was v41 and is v42, all of it running. */
async function twoVersions(options: Parameters<typeof aCluster>[0] = {}) {
  const made = await aCluster(options);
  for (const image of ['registry.local/shop/checkout:v41', 'registry.local/shop/checkout:v42']) {
    run(made.fake, { name: 'checkout', image });
    await until(() => isSettled(made.fake));
  }
  return made;
}

type Driver = Awaited<ReturnType<typeof twoVersions>>['workload'];
async function order(driver: Driver, change: ChangeOrder['change'], key = 'fb-1'): Promise<ChangeOrder> {
  const seen = await driver.describe(service, never);
  if (seen.kind === 'gap') throw new Error(seen.detail);
  return { change, key, expectGeneration: seen.value.generation };
}
const specOf = (fake: Awaited<ReturnType<typeof twoVersions>>['fake']) =>
  deployment({ name: 'checkout', image: '' }) &&
  Object(fake.store.get('deployments', { name: 'checkout', namespace: 'shop' })?.spec);
const imageOf = (fake: Parameters<typeof specOf>[0]): string =>
  specOf(fake).template.spec.containers[0].image;

describe('what runs', () => {
  test('is told with the version of each instance, and one name for the same version for ever', async () => {
    const { fake, workload } = await twoVersions();
    const seen = await workload.describe(service, never);
    expect(seen).toMatchObject({ kind: 'seen', value: { replicas: 2, maxReplicas: 5, version: /v42/ } });
    const value = seen.kind === 'seen' ? seen.value : undefined;
    expect(value?.version).toMatch(/^checkout:v42 [0-9a-f]{9}$/);
    expect(value?.instances.map(({ state, version }) => [state, version])).toEqual([
      ['running', value?.version],
      ['running', value?.version],
    ]);
    const history = await workload.deployments(service, never);
    const versions = history.kind === 'seen' ? history.value.map(({ version }) => version) : [];
    expect(versions).toEqual([value?.version, expect.stringMatching(/^checkout:v41 /)]);
    await workload.apply(service, await order(workload, back), never);
    await until(() => isSettled(fake));
    const after = await workload.deployments(service, never);
    expect(after.kind === 'seen' ? after.value.map(({ version }) => version) : []).toEqual(
      versions.reverse(),
    );
  });

  test('says of a pod that cannot start that it is starting, and of one that ends that it is down', async () => {
    const { fake, workload } = await twoVersions({
      behaviour: { image: (image) => (image.endsWith('v43') ? 'crashes' : 'runs') },
    });
    run(fake, { name: 'checkout', image: 'checkout:v43' });
    await until(async () => {
      const seen = await workload.describe(service, never);
      return seen.kind === 'seen' && seen.value.instances.some(({ exitCode }) => exitCode === 1);
    });
    const seen = await workload.describe(service, never);
    const states = seen.kind === 'seen' ? seen.value.instances.map(({ state }) => state).sort() : [];
    expect(states).toEqual(['exited', 'running', 'running']);
  });

  test('of a deployment that is not there, or may not be seen, is a gap', async () => {
    const { fake, workload } = await aCluster();
    expect(await workload.describe(service, never)).toMatchObject({ kind: 'gap', reason: 'no_data' });
    fake.tokens.set('blind', new Set(['list pods']));
    const { workload: blind } = driversOf(fake, undefined, 'blind');
    expect(await blind.describe(service, never)).toEqual({
      ...{ kind: 'gap', reason: 'refused' },
      detail: 'not allowed to get deployments',
    });
  });
});

describe('a dry run', () => {
  test('shows what the API server would make of it, and changes nothing', async () => {
    const { fake, workload } = await twoVersions();
    const before = fake.store.version();
    expect(await workload.dryRun(service, scale(4), never)).toMatchObject({
      kind: 'seen',
      value: { preview: { before: { replicas: 2 }, after: { replicas: 4 }, instances: 2 } },
    });
    expect(await workload.dryRun(service, back, never)).toMatchObject({
      value: { preview: { before: { version: /v42/ }, after: { version: /v41/ }, instances: 2 } },
    });
    expect(await workload.dryRun(service, restart, never)).toMatchObject({
      value: { preview: { before: { replicas: 2 }, after: { replicas: 2 }, instances: 2 } },
    });
    expect(fake.store.version()).toBe(before);
    const patches = fake.calls.filter(({ verb }) => verb === 'patch');
    expect(patches.map(({ dryRun }) => dryRun)).toEqual([true, true, true]);
  });

  test('that shows something else than was asked for is a gap', async () => {
    const { fake, workload } = await twoVersions();
    fake.fail({ kind: 'lies', verb: 'patch' });
    expect(await workload.dryRun(service, scale(4), never)).toMatchObject({
      ...{ kind: 'gap', reason: 'bad_answer' },
      detail: 'the dry run shows another change than was asked for',
    });
  });

  test('that was not dry is a gap: the target is not as it was', async () => {
    const { fake, workload } = await twoVersions();
    fake.fail({ kind: 'keeps', verb: 'patch' });
    expect(await workload.dryRun(service, scale(4), never)).toMatchObject({
      detail: 'the target changed while it was looked at',
    });
  });

  test('without the right to patch, or of a version that is gone, is a gap', async () => {
    const { fake, workload } = await twoVersions();
    fake.tokens.set('reader', new Set(['* deployments', '* replicasets', 'not patch deployments']));
    const { workload: reader } = driversOf(fake, undefined, 'reader');
    expect(await reader.dryRun(service, restart, never)).toEqual({
      ...{ kind: 'gap', reason: 'refused' },
      detail: 'not allowed to patch deployments',
    });
    const gone = { ...back, to: 'deploy:checkout@-5' } as const;
    expect(await workload.dryRun(service, gone, never)).toMatchObject({ kind: 'gap', reason: 'no_data' });
  });
});

describe('a change', () => {
  test('is done when its pods are there, and leaves its key behind in the same write', async () => {
    const { fake, workload } = await twoVersions();
    const asked = await order(workload, back);
    const done = await workload.apply(service, asked, never);
    expect(done).toMatchObject({ kind: 'done', generation: asked.expectGeneration + 1 });
    expect(imageOf(fake)).toBe('registry.local/shop/checkout:v41');
    expect(isSettled(fake)).toBe(true);
    expect(await workload.settle(service, 'fb-1', never)).toBe('happened');
    expect(await workload.settle(service, 'fb-2', never)).toBe('did_not_happen');
    const writes = fake.calls.filter(({ verb, dryRun }) => verb === 'patch' && !dryRun);
    expect(writes.length).toBe(1);
    expect(fake.calls.some(({ verb }) => verb === 'watch')).toBe(true);
  });

  test('taken back names an exact version, which is found again whatever its number is by then', async () => {
    const { fake, workload } = await twoVersions();
    const before = await workload.describe(service, never);
    const version = before.kind === 'seen' ? before.value.version : '';
    await workload.apply(service, await order(workload, back), never);
    const undo = { tool: 'service_rollback', target, version } as const;
    const done = await workload.apply(service, await order(workload, undo, 'fb-undo'), never);
    expect(done.kind).toBe('done');
    expect(imageOf(fake)).toBe('registry.local/shop/checkout:v42');
    expect((await workload.describe(service, never)).kind === 'seen' && version).toBe(version);
  });

  test('restarts every pod, and counts as no deployment', async () => {
    const { fake, workload } = await twoVersions();
    const names = () => fake.store.list('pods', 'shop').map(({ metadata }) => metadata.name);
    const old = names();
    const before = await workload.deployments(service, never);
    expect(await workload.apply(service, await order(workload, restart), never)).toMatchObject({
      kind: 'done',
    });
    await until(() => isSettled(fake));
    expect(names().filter((name) => old.includes(name))).toEqual([]);
    const after = await workload.deployments(service, never);
    const count = (seen: typeof after) => (seen.kind === 'seen' ? seen.value.length : 0);
    expect(count(after)).toBe(count(before));
    const again = await workload.dryRun(service, back, never);
    expect(again).toMatchObject({ value: { preview: { after: { version: /v41/ } } } });
  });

  test('scales to exactly what was asked for', async () => {
    const { fake, workload } = await twoVersions();
    await workload.apply(service, await order(workload, scale(4)), never);
    expect(specOf(fake).replicas).toBe(4);
    expect(fake.store.list('pods', 'shop').length).toBe(4);
  });

  test('with a repeated key changes nothing', async () => {
    const { fake, workload } = await twoVersions();
    const asked = await order(workload, scale(3));
    await workload.apply(service, asked, never);
    const version = fake.store.version();
    expect(await workload.apply(service, asked, never)).toMatchObject({ kind: 'done' });
    expect(fake.store.version()).toBe(version);
  });

  test('of a target that someone changed since is refused, before and in the very moment of the write', async () => {
    const { fake, workload } = await twoVersions();
    const asked = await order(workload, scale(3));
    run(fake, { name: 'checkout', image: 'checkout:v50' });
    expect(await workload.apply(service, asked, never)).toMatchObject({
      kind: 'refused',
      reason: 'generation',
    });
    await until(() => isSettled(fake));
    const again = await order(workload, scale(3));
    fake.fail({ kind: 'touched', verb: 'patch', dryRun: false });
    const refused = await workload.apply(service, again, never);
    expect(refused.kind).toBe('refused');
    expect(specOf(fake).replicas).toBe(2);
    expect(await workload.settle(service, 'fb-1', never)).toBe('did_not_happen');
  });

  test('is made anew when only the state of its target moved under the write, but not for ever', async () => {
    const { fake, workload } = await twoVersions();
    fake.fail({ kind: 'moves', verb: 'patch', dryRun: false });
    expect(await workload.apply(service, await order(workload, scale(3)), never)).toMatchObject({
      kind: 'done',
    });
    fake.fail({ kind: 'moves', verb: 'patch', dryRun: false, times: 50 });
    const asked = await order(workload, scale(4), 'fb-2');
    expect(await workload.apply(service, asked, never)).toMatchObject({
      kind: 'refused',
      reason: 'generation',
    });
    expect(specOf(fake).replicas).toBe(3);
  });

  test('whose answer was lost is unknown, and its key says that it happened', async () => {
    const { fake, workload } = await twoVersions();
    fake.fail({ kind: 'lost', verb: 'patch', dryRun: false });
    const asked = await order(workload, scale(3));
    expect(await workload.apply(service, asked, never)).toMatchObject({ kind: 'unknown' });
    expect(await workload.settle(service, 'fb-1', never)).toBe('happened');
  });

  test.each([
    ['no right to patch', 403, 'unauthorised'],
    ['a token that is not taken', 401, 'unauthorised'],
  ])('is refused for %s', async (_, status, reason) => {
    const { fake, workload } = await twoVersions();
    const asked = await order(workload, scale(3));
    if (status === 403)
      fake.tokens.set('all', new Set(['* deployments', '* replicasets', 'not patch deployments']));
    else fake.tokens.delete('all');
    expect(await workload.apply(service, asked, never)).toMatchObject({ kind: 'refused', reason });
    expect(specOf(fake).replicas).toBe(2);
  });

  test.each([
    [429, 'refused'],
    [500, 'unknown'],
    ['garbage', 'unknown'],
    ['slow', 'unknown'],
    ['reset', 'unknown'],
  ] as const)('that meets %s is %s', async (kind, outcome) => {
    const { fake, workload } = await twoVersions();
    const asked = await order(workload, scale(3));
    fake.fail({ kind, verb: 'patch', dryRun: false });
    expect((await workload.apply(service, asked, never)).kind).toBe(outcome);
  });

  test('waits for its pods also where it may not watch, and where a watch is told that it is too late', async () => {
    const { fake, workload } = await twoVersions();
    fake.tokens.set('all', new Set(['* *', 'not watch deployments']));
    await workload.apply(service, await order(workload, scale(3)), never);
    expect(isSettled(fake)).toBe(true);
    fake.tokens.set('all', new Set(['* *']));
    fake.store.forget();
    await workload.apply(service, await order(workload, scale(4), 'fb-2'), never);
    expect(isSettled(fake)).toBe(true);
  });

  test('ends its waiting when it is told to stop; what was made stays made', async () => {
    const { fake, workload } = await twoVersions({
      behaviour: { image: (image) => (image.endsWith('v43') ? 'not_found' : 'runs') },
    });
    run(fake, { name: 'checkout', image: 'checkout:v43' });
    await until(() => fake.store.list('events', 'shop').length > 0);
    const stop = new AbortController();
    const applied = workload.apply(service, await order(workload, scale(3)), stop.signal);
    await until(() => specOf(fake).replicas === 3);
    stop.abort();
    expect((await applied).kind).toBe('done');
  });

  test('keeps the keys of the last twenty; older ones are not known', async () => {
    const { fake, workload } = await twoVersions();
    for (let n = 0; n < 21; n += 1)
      await workload.apply(service, await order(workload, scale(2 + (n % 2) + 1), `fb-${n}`), never);
    expect(await workload.settle(service, 'fb-20', never)).toBe('happened');
    expect(await workload.settle(service, 'fb-0', never)).toBe('unknown');
    expect(
      fake.calls.every(({ resource }) => ['deployments', 'replicasets', 'pods'].includes(resource)),
    ).toBe(true);
  });
});

test('the same change by hand is a command for kubectl, with the number of the revision', async () => {
  const { workload } = await twoVersions();
  expect(workload.manual(service, restart)).toBe('kubectl -n shop rollout restart deployment/checkout');
  expect(workload.manual(service, scale(3))).toBe('kubectl -n shop scale deployment/checkout --replicas=3');
  const seen = await workload.dryRun(service, back, never);
  const version = seen.kind === 'seen' ? seen.value.preview.after.version : '';
  expect(workload.manual(service, { tool: 'service_rollback', target, version })).toBe(
    'kubectl -n shop rollout undo deployment/checkout --to-revision=1',
  );
});
