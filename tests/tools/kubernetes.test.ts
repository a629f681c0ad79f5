import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { ClusterKind, ClusterObject, clusterKinds } from '#incidents/observations-cluster.ts';
import { createKubernetesCluster } from '#tools/drivers/kubernetes/cluster.ts';
import { certificate } from '../fakes/certificate.ts';
import { node, run } from '../fakes/kubernetes/a-shop.ts';
import { startFakeKubernetes } from '../fakes/kubernetes/fake-kubernetes.ts';
import type { FakeKubernetes } from '../fakes/kubernetes/state.ts';
import { aCluster, driversOf, isSettled, until } from './a-cluster.ts';
import { loopback, never } from './loopback.ts';

const namespace = 'shop';
const bad = { image: (image: string) => (image.includes('gone') ? 'not_found' : 'runs') } as const;

async function aShop() {
  const made = await aCluster({ behaviour: bad });
  node(made.fake);
  run(made.fake, {
    name: 'checkout',
    image: 'checkout:v1',
    env: { STOCK: 'http://stock:80', DB_PASSWORD: 'hunter2' },
  });
  run(made.fake, { name: 'stock', image: 'stock:v1' });
  await until(() => isSettled(made.fake) && isSettled(made.fake, 'stock'));
  return made;
}
const podName = ({ store }: FakeKubernetes, app: string): string =>
  store.list('pods', namespace).find(({ metadata }) => metadata.labels?.app === app)?.metadata.name ?? '';

describe('a look at a cluster', () => {
  test('lists pods with what they are made of and how they are, and no value of a secret', async () => {
    const { cluster } = await aShop();
    const seen = await cluster.list({ namespace, kind: 'pod' }, never);
    const objects = seen.kind === 'seen' ? seen.value.objects : [];
    expect(objects.map((one) => one.kind === 'pod' && [one.app, one.status, one.ready, one.total])).toEqual([
      ...Array(2).fill(['checkout', 'Running', 1, 1]),
      ...Array(2).fill(['stock', 'Running', 1, 1]),
    ]);
    const [first] = objects;
    expect(first).toMatchObject({
      node: 'n1',
      spec: {
        containers: [
          {
            image: 'checkout:v1',
            requests: { cpu: 100, memory: 64 * 2 ** 20 },
            readiness: { how: 'http', port: 8080, path: '/healthz', periodS: 10 },
            env: [
              { name: 'STOCK', value: 'http://stock:80' },
              { name: 'DB_PASSWORD', value: null },
            ],
          },
        ],
      },
    });
    expect(JSON.stringify(objects)).not.toContain('hunter2');
    for (const one of objects) expect(ClusterObject.safeParse(one).error).toBeUndefined();
  });

  test('describes one object with its events, and says where there is none', async () => {
    const { fake, cluster } = await aShop();
    run(fake, { name: 'checkout', image: 'registry.local/checkout:gone' });
    await until(() => fake.store.list('events', namespace).length > 0);
    const name = fake.store.list('events', namespace)[0]?.metadata.name.split('.')[0] ?? '';
    expect(await cluster.describe({ namespace, kind: 'pod', name }, never)).toMatchObject({
      kind: 'seen',
      value: {
        ...{ app: 'checkout', status: 'ImagePullBackOff' },
        events: [
          { warning: true, reason: 'Failed', message: /not found/, count: 3, about: { kind: 'Pod', name } },
        ],
      },
    });
    expect(await cluster.describe({ namespace, kind: 'pod', name: 'nobody' }, never)).toMatchObject({
      ...{ kind: 'gap', reason: 'no_data' },
    });
    expect(await cluster.events({ namespace }, never)).toMatchObject({ value: [{ warning: true }] });
    expect(await cluster.events({ namespace: 'other' }, never)).toEqual({ kind: 'seen', value: [] });
  });

  test('shows a workload with the service in front of it, and what is behind a service', async () => {
    const { cluster } = await aShop();
    const seen = await cluster.manifest({ namespace, app: 'checkout' }, never);
    const objects = seen.kind === 'seen' ? seen.value : [];
    expect(objects.map(({ kind, name }) => [kind, name])).toEqual([
      ['workload', 'checkout'],
      ['service', 'checkout'],
    ]);
    expect(await cluster.describe({ namespace, kind: 'service', name: 'stock' }, never)).toMatchObject({
      value: { endpoints: ['10.1.0.9:8080'], selector: { app: 'stock' } },
    });
    expect(await cluster.manifest({ namespace, app: 'nobody' }, never)).toMatchObject({ reason: 'no_data' });
  });

  test('shows of a node what all its pods ask for together, or that it may not see that', async () => {
    const { fake, cluster } = await aShop();
    const ask = { namespace, kind: 'node', name: 'n1' } as const;
    expect(await cluster.describe(ask, never)).toMatchObject({
      value: { ready: 'True', allocatable: { cpu: 2000 }, requested: { cpu: 400, memory: 256 * 2 ** 20 } },
    });
    fake.tokens.set('some', new Set(['get nodes']));
    const { cluster: some } = driversOf(fake, realClock, 'some');
    expect(await some.describe(ask, never)).toMatchObject({ value: { requested: null, events: null } });
  });

  test('knows secrets by name alone, and never asks for one by itself', async () => {
    const { fake, cluster } = await aShop();
    const data = { password: 'aHVudGVyMg==' };
    fake.store.put('secrets', { kind: 'Secret', metadata: { name: 'db', namespace }, data });
    expect(await cluster.list({ namespace, kind: 'secret' }, never)).toEqual({
      ...{ kind: 'seen', value: { objects: [{ kind: 'secret', name: 'db' }], truncated: false } },
    });
    expect(await cluster.describe({ namespace, kind: 'secret', name: 'db' }, never)).toMatchObject({
      value: { kind: 'secret', name: 'db' },
    });
    expect(fake.calls.filter(({ resource, verb }) => resource === 'secrets' && verb !== 'list')).toEqual([]);
  });

  test('reads the last lines of the pods in trouble that speak of it, also from before a restart', async () => {
    const { fake, cluster } = await aShop();
    const name = podName(fake, 'checkout');
    const pod = fake.store.get('pods', { name, namespace });
    if (pod === undefined) throw new Error('no pod');
    const [status] = Object(pod.status).containerStatuses;
    fake.store.put('pods', {
      ...pod,
      status: { ...Object(pod.status), containerStatuses: [{ ...status, restartCount: 2 }] },
    });
    fake.logs.set(`shop/${name}/main`, 'all is well\nlistening on 8080\n');
    fake.logs.set(
      `shop/${name}/main/previous`,
      'ERROR dial tcp 10.0.0.3:5432: connection refused\n'.repeat(3),
    );
    expect(await cluster.errorLogs({ namespace, app: 'checkout' }, never)).toMatchObject({
      kind: 'seen',
      value: { lines: 5, errors: 3, patterns: [{ count: 3, sample: /connection refused/ }] },
    });
    const asked = fake.calls.filter(({ resource }) => resource === 'pods/log');
    for (const { query } of asked) {
      expect(Number(query.get('tailLines'))).toBeLessThanOrEqual(300);
      expect(Number(query.get('limitBytes'))).toBeLessThanOrEqual(256 * 1024);
    }
  });

  test('says who calls whom, as far as addresses in the environment show it', async () => {
    const { cluster } = await aShop();
    expect(await cluster.dependencies({ namespace, app: 'stock' }, never)).toEqual({
      ...{ kind: 'seen', value: { calledBy: ['checkout'], edges: [{ from: 'checkout', to: 'stock' }] } },
    });
  });

  test('tells of a kubelet that does not report that it is not active, and of what it cannot see that it cannot', async () => {
    const { fake, cluster } = await aShop();
    expect(await cluster.nodeService({ node: 'n1', service: 'kubelet' }, never)).toMatchObject({
      value: { state: 'active' },
    });
    const known = fake.store.get('nodes', { name: 'n1' });
    if (known === undefined) throw new Error('no node');
    const lost = {
      type: 'Ready',
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    };
    fake.store.put('nodes', { ...known, status: { ...Object(known.status), conditions: [lost] } });
    expect(await cluster.nodeService({ node: 'n1', service: 'kubelet' }, never)).toMatchObject({
      value: { state: 'inactive', detail: /stopped posting/ },
    });
    const none = { kind: 'gap', reason: 'no_data' };
    expect(await cluster.nodeService({ node: 'n1', service: 'kube-proxy' }, never)).toMatchObject(none);
    expect(await cluster.connect({ namespace, service: 'stock', port: 80 }, never)).toMatchObject({
      kind: 'gap',
    });
    expect(await cluster.anomalies({ namespace }, never)).toMatchObject({ kind: 'gap' });
  });
});

describe('what goes wrong on the way', () => {
  test('a right that is missing is named by verb and resource', async () => {
    const { fake } = await aShop();
    fake.tokens.set('none', new Set());
    const { cluster } = driversOf(fake, realClock, 'none');
    for (const kind of clusterKinds) {
      const seen = await cluster.list({ namespace, kind }, never);
      expect(seen).toMatchObject({ kind: 'gap', reason: 'refused', detail: /^not allowed to list [a-z]+$/ });
    }
    const { cluster: stranger } = driversOf(fake, realClock, 'unknown');
    expect(await stranger.list({ namespace, kind: 'pod' }, never)).toMatchObject({
      ...{ reason: 'refused', detail: 'the cluster does not take the token' },
    });
  });

  test.each([
    [429, 'unreachable'],
    [500, 'unreachable'],
    ['garbage', 'bad_answer'],
    ['huge', 'too_large'],
    ['slow', 'timeout'],
    ['reset', 'unreachable'],
  ] as const)('%s is a gap: %s', async (kind, reason) => {
    const { fake, cluster } = await aCluster();
    fake.fail({ kind, verb: 'list' });
    expect(await cluster.list({ namespace, kind: 'service' }, never)).toMatchObject({ kind: 'gap', reason });
  });

  test('a long list is read page by page, and what is left out is said', async () => {
    const { fake, cluster } = await aCluster();
    const put = (from: number, to: number) => {
      for (let n = from; n < to; n += 1)
        fake.store.put('configmaps', {
          kind: 'ConfigMap',
          metadata: { name: `c${String(n).padStart(5, '0')}`, namespace },
        });
    };
    put(0, 450);
    const count = async () => {
      const seen = await cluster.list({ namespace, kind: 'configmap' }, never);
      return seen.kind === 'seen' ? [seen.value.objects.length, seen.value.truncated] : [];
    };
    expect(await count()).toEqual([450, false]);
    put(450, 1100);
    expect(await count()).toEqual([1000, true]);
  });

  test('a list that cannot be gone on with gives what was read, and says that it is not all', async () => {
    let asked = 0;
    const { url } = await loopback(() => {
      asked += 1;
      if (asked > 1) return { status: 410, body: { kind: 'Status', reason: 'Expired' } };
      const items = [{ metadata: { name: 'one' } }];
      return { body: { metadata: { resourceVersion: '1', continue: 'more' }, items } };
    });
    const cluster = createKubernetesCluster({ url, ca: null, token: () => 't' }, realClock);
    expect(await cluster.list({ namespace, kind: 'configmap' }, never)).toEqual({
      ...{ kind: 'seen', value: { objects: [{ kind: 'configmap', name: 'one' }], truncated: true } },
    });
  });

  test('whatever the API server answers, it is a value or a gap, and every value is of a known shape', async () => {
    let answer: unknown;
    const { url } = await loopback(() => ({ body: JSON.stringify(answer ?? null) }));
    const cluster = createKubernetesCluster({ url, ca: null, token: () => 't' }, realClock);
    const meta = { name: 'x', uid: 'u', resourceVersion: '1' };
    const part = fc.oneof(
      fc.jsonValue(),
      fc.constant({ containers: [{ name: 'a' }], selector: {}, template: { spec: {} } }),
    );
    const item = fc.record(
      { metadata: fc.oneof(fc.constant(meta), fc.jsonValue()), spec: part, status: part },
      { requiredKeys: ['metadata'] },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(item, { maxLength: 2 }),
        fc.constantFrom(...clusterKinds),
        async (items, kind) => {
          answer = { metadata: {}, items };
          const seen = await cluster.list({ namespace, kind: ClusterKind.parse(kind) }, never);
          if (seen.kind === 'seen') for (const one of seen.value.objects) ClusterObject.parse(one);
          else expect(['bad_answer', 'no_data']).toContain(seen.reason);
        },
      ),
      { numRuns: 150 },
    );
  });
});

test('over https it speaks only to an API server that its certificates vouch for', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-tls-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const tls = certificate({ names: ['127.0.0.1'] });
  writeFileSync(join(dir, 'cert.pem'), tls.cert);
  const fake = await startFakeKubernetes({ tls });
  onTestFinished(fake.close);
  run(fake, { name: 'checkout', image: 'checkout:v1' });
  const settings = { url: fake.url, token: () => 'all' };
  const trusting = createKubernetesCluster({ ...settings, ca: join(dir, 'cert.pem') }, realClock);
  expect(await trusting.list({ namespace, kind: 'service' }, never)).toMatchObject({
    value: { objects: [{ name: 'checkout' }] },
  });
  const strict = createKubernetesCluster({ ...settings, ca: null }, realClock);
  const before = fake.calls.length;
  expect(await strict.list({ namespace, kind: 'service' }, never)).toMatchObject({ kind: 'gap' });
  const lost = createKubernetesCluster({ ...settings, ca: join(dir, 'nothing.pem') }, realClock);
  expect(await lost.list({ namespace, kind: 'service' }, never)).toMatchObject({ kind: 'gap' });
  expect(fake.calls.length).toBe(before);
});
