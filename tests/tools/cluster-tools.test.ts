import { describe, expect, test } from 'vitest';
import { sha256 } from '#core/hash.ts';
import { ServiceId } from '#core/ids.ts';
import { OwnCase } from '#evals/own/case.ts';
import { staticCluster } from '#evals/own/static-cluster.ts';
import type { ClusterDriver } from '#tools/drivers/cluster-port.ts';
import { envValue } from '#tools/drivers/env-value.ts';
import { ownerName } from '#tools/drivers/owner-name.ts';
import { millicores, quantity } from '#tools/drivers/quantity.ts';
import { clusterTools, k8sDescribe, k8sList, podLogs } from '#tools/read/cluster-tools.ts';
import type { ToolContext } from '#tools/tool.ts';
import { fakeContext } from './fake-context.ts';

const SYSTEM = 'service:bakery';
const bakery = OwnCase.parse({
  id: 'bakery',
  about: 'a system',
  page: { name: 'Page' },
  cluster: { namespace: 'bakery', well: [{ app: 'till', outside: true }], objects: [] },
  expect: { cause: null, object: null },
}).cluster;

/** A context whose inventory knows one system; the driver may be changed in parts. */
function contextWith(over: Partial<ClusterDriver> = {}): ToolContext {
  const { context } = fakeContext();
  const id = ServiceId.parse('bakery');
  const system = {
    ...{ id, environment: 'demo', owner: 'team', mode: 'observe' as const, dependsOn: [], maxReplicas: 1 },
    ...{ signals: {}, cluster: { driver: 'main', namespace: 'bakery' }, isSystem: true as const },
  };
  const driver: ClusterDriver = { ...staticCluster(bakery), ...over };
  return {
    ...context,
    world: { ...context.world, clusters: new Map([['main', driver]]) },
    inventory: {
      version: sha256('bakery'),
      services: new Map([...context.inventory.services, [id, system]]),
    },
  };
}

describe('looks at a cluster', () => {
  test('are reads that change nothing, each with a deadline of its own', () => {
    for (const { kind, tier, deadlineMs } of clusterTools) {
      expect({ kind, tier }).toEqual({ kind: 'read', tier: 'R0' });
      expect(deadlineMs).toBeLessThanOrEqual(10_000);
    }
  });

  test('give the objects of a kind as values and as lines of text', async () => {
    const seen = await k8sList.perform({ system: SYSTEM, kind: 'pod' }, contextWith());
    expect(seen).toMatchObject({
      kind: 'ok',
      value: { look: 'objects', objects: [{ kind: 'pod', name: 'till-0', app: 'till' }], truncated: false },
      facts: { system: SYSTEM, kind: 'pod' },
    });
    expect(seen.kind === 'ok' ? seen.text : '').toContain('pod till-0');
  });

  test('of a service that names no cluster, or one that is not configured, are gaps', async () => {
    const context = contextWith();
    expect(await k8sList.perform({ system: 'service:checkout', kind: 'pod' }, context)).toMatchObject({
      reason: 'not_configured',
    });
    const without = { ...context, world: { ...context.world, clusters: new Map() } };
    expect(await k8sList.perform({ system: SYSTEM, kind: 'pod' }, without)).toMatchObject({
      reason: 'not_configured',
    });
    expect(await k8sList.perform({ system: 'service:nobody', kind: 'pod' }, context)).toMatchObject({
      reason: 'not_configured',
    });
  });

  test('pass on why something could not be seen', async () => {
    const none = () => Promise.resolve({ kind: 'gap', reason: 'refused', detail: 'forbidden' } as const);
    const seen = await k8sDescribe.perform(
      { system: SYSTEM, kind: 'node', name: 'n1' },
      contextWith({ describe: none }),
    );
    expect(seen).toEqual({ kind: 'gap', reason: 'refused', detail: 'forbidden' });
  });

  test('of an unknown shape are gaps: nothing of them is kept', async () => {
    const odd: ClusterDriver['errorLogs'] = () =>
      Promise.resolve({ kind: 'seen', value: { lines: 1.5, errors: 0, patterns: [] } });
    expect(
      await podLogs.perform({ system: SYSTEM, app: 'till' }, contextWith({ errorLogs: odd })),
    ).toMatchObject({
      kind: 'gap',
      reason: 'bad_answer',
    });
  });

  test('show foreign text without what steers a screen and without secrets of known formats', async () => {
    const sample = `\u001b[31mlogin failed, password=hunter2\u202e${'x'.repeat(5000)}`;
    const loud: ClusterDriver['errorLogs'] = () =>
      Promise.resolve({ kind: 'seen', value: { lines: 1, errors: 1, patterns: [{ count: 1, sample }] } });
    const seen = await podLogs.perform({ system: SYSTEM, app: 'till' }, contextWith({ errorLogs: loud }));
    const text = JSON.stringify(seen);
    expect(text).not.toMatch(/hunter2|\\u001b|\u202e/);
    expect(text.length).toBeLessThan(3_000);
  });

  test.each([
    { system: SYSTEM, kind: 'pods' },
    { system: 'bakery', kind: 'pod' },
    { system: SYSTEM, kind: 'pod', more: true },
  ])('do not take %o', (args) => {
    expect(k8sList.args.safeParse(args).success).toBe(false);
  });

  test('do not take a name that Kubernetes would not', () => {
    for (const name of ['../secrets', 'a b', 'A', '', 'x'.repeat(254), 'a;b'])
      expect(k8sDescribe.args.safeParse({ system: SYSTEM, kind: 'pod', name }).success).toBe(false);
  });
});

describe('what drivers share', () => {
  test.each([
    ['200m', 200],
    ['2', 2000],
    ['1.5', 1500],
    ['many', null],
  ])('%s of cpu in millicores', (text, expected) => {
    expect(millicores(text)).toBe(expected);
  });

  test.each([
    ['128Mi', 134_217_728],
    ['1G', 1e9],
    ['15671352Ki', 16_047_464_448],
    ['-1', null],
    ['1Q', null],
  ])('the amount %s', (text, expected) => {
    expect(quantity(text)).toBe(expected);
  });

  test.each([
    ['ORDERS_ADDR', 'orders:8080', 'orders:8080'],
    ['ORDERS_URL', 'http://orders.bakery.svc:8080/v1', 'http://orders.bakery.svc:8080/v1'],
    ['REPLICAS', '3', '3'],
    ['DB_PASSWORD', 'orders', null],
    ['API_KEY', '12345', null],
    ['DB_URL', 'mysql://root:hunter2@db:3306/x', null],
    ['NOTE', 'two words', null],
  ])('the value of %s=%s goes no further than it may', (name, value, expected) => {
    expect(envValue(name, value)).toBe(expected);
  });

  test.each([
    ['oven-7d9-x2x', { 'pod-template-hash': '7d9' }, 'oven'],
    ['hot-oven-7d9-x2x', { 'pod-template-hash': '7d9' }, 'hot-oven'],
    ['ledger-0', { 'apps.kubernetes.io/pod-index': '0' }, 'ledger'],
    ['agent-x9z', { 'controller-revision-hash': 'abc' }, 'agent'],
    ['alone', {}, null],
  ])('the workload of the pod %s', (pod, labels, expected) => {
    expect(ownerName(pod, labels)).toBe(expected);
  });
});
