import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CallId, ServiceId } from '#core/ids.ts';
import { addressesOf, isNear } from '#diagnosis/cluster/addresses.ts';
import { exceeded } from '#diagnosis/cluster/admission.ts';
import { clusterDetectors } from '#diagnosis/cluster/detectors.ts';
import { dialErrors } from '#diagnosis/cluster/routing.ts';
import { schedulerVerdict } from '#diagnosis/cluster/scheduling.ts';
import { pullFailure } from '#diagnosis/cluster/startup.ts';
import { clusterState } from '#diagnosis/cluster/state.ts';
import { mismatches } from '#diagnosis/cluster/storage.ts';
import type { ClusterSight } from '#diagnosis/evidence.ts';
import { clusterCauses } from '#incidents/cluster-causes.ts';
import type { ClusterLogs, ClusterObject, PodSpec, Pv, Pvc } from '#incidents/observations-cluster.ts';

const scope = ServiceId.parse('bakery');
const call = (n: number): CallId => CallId.parse(`e${n}`);

function logsSeen(app: string, samples: readonly string[]): ClusterSight {
  const logs: ClusterLogs = {
    lines: 100,
    errors: 1,
    patterns: samples.map((sample) => ({ count: 1, sample })),
  };
  return {
    read: { tool: 'pod_logs', args: { app }, service: scope },
    call: call(1),
    seen: { look: 'logs', app, logs },
  };
}
const stateOf = (sights: readonly ClusterSight[]) => clusterState(sights, { scope, namespace: 'bakery' });

describe('what the scheduler says', () => {
  test('is counted by reason, without the part about preemption', () => {
    const verdict = schedulerVerdict([
      "FailedScheduling: 0/4 nodes are available: 1 node(s) had untolerated taint {dedicated: batch}, 1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/4 nodes are available: 2 Insufficient cpu.",
    ]);
    expect(verdict?.nodes).toBe(4);
    expect([...(verdict?.counts ?? [])]).toEqual([
      ['taint', 1],
      ['cordoned', 1],
      ['selector', 2],
    ]);
  });

  test('of a taint that Kubernetes itself set is no taint that someone forgot to tolerate', () => {
    const verdict = schedulerVerdict([
      'FailedScheduling: 0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }.',
    ]);
    expect(verdict?.counts.get('taint')).toBeUndefined();
  });
});

test.each([
  ['Failed to pull image "a": lookup r.example: no such host', 'image_registry_dns_failure'],
  ['Failed to pull image "a": manifest unknown', 'incorrect_image_reference'],
  ['Failed to pull image "a": failed to authorize: 403 Forbidden', 'missing_image_pull_secret'],
  [
    'Failed to pull image "a": pull access denied, repository does not exist or may require authorization',
    'incorrect_image_reference',
  ],
  ['Failed to pull image "a": the moon is full', null],
])('a pull that failed with %s', (message, cause) => {
  expect(pullFailure([`Failed: ${message}`])).toBe(cause);
});

test('a refusal of a quota names the resources that were too much', () => {
  expect(
    exceeded(
      'is forbidden: exceeded quota: q, requested: limits.cpu=1,pods=1, used: limits.cpu=2,pods=9, limited: limits.cpu=2,pods=9',
    ),
  ).toEqual(['limits.cpu', 'pods']);
});

describe('a claim', () => {
  const claim: Pvc = {
    ...{
      kind: 'pvc',
      name: 'c',
      status: 'Pending',
      volume: null,
      size: 5,
      modes: ['RWX'],
      storageClass: 'fast',
    },
    ...{ selector: { tier: 'gold' }, usedBy: null, events: null },
  };
  const volume: Pv = {
    ...{
      kind: 'pv',
      name: 'v',
      status: 'Available',
      claim: null,
      size: 1,
      modes: ['RWO'],
      storageClass: 'slow',
    },
    labels: {},
  };

  test('is compared with a volume in everything that is known of both', () => {
    expect(mismatches(claim, volume)).toEqual(['class', 'size', 'modes', 'selector']);
    expect(
      mismatches({ ...claim, size: null, modes: null, selector: null }, { ...volume, storageClass: 'fast' }),
    ).toEqual([]);
  });
});

describe('addresses in an environment', () => {
  const spec = (env: readonly (readonly [string, string])[]): PodSpec => ({
    ...{ serviceAccount: null, dnsPolicy: null, nodeName: null, nodeSelector: null, nodeAffinity: null },
    ...{ podAntiAffinity: null, tolerations: null, pullSecrets: null, runAsUser: null, volumes: null },
    containers: [
      {
        ...{ name: 'main', image: null, init: false, ports: null, requests: null, limits: null },
        ...{ liveness: null, readiness: null, startup: null, mounts: null },
        env: env.map(([name, value]) => ({ name, value, secret: null, configMap: null })),
      },
    ],
  });

  test('are found as host and port, as an URL and as two variables; numbers and words are none', () => {
    const found = addressesOf(
      spec([
        ['A_ADDR', 'stock:8080'],
        ['B_URL', 'http://orders.bakery:80/v1'],
        ['DB_HOST', 'ledger'],
        ['DB_PORT', '3307'],
        ['LEVEL', 'debug'],
        ['RATIO', '0.5'],
      ]),
    );
    expect(found.map(({ host, port }) => [host, port])).toEqual([
      ['stock', 8080],
      ['orders.bakery', 80],
      ['ledger', 3307],
    ]);
  });

  test.each([
    ['stock', 'stocks', true],
    ['orders', 'ordres', true],
    ['till', 'oven', false],
    ['till', 'till', false],
  ])('%s and %s', (a, b, near) => {
    expect(isNear(a, b)).toBe(near);
  });
});

test('failed connections are read out of the ways in which programs log them', () => {
  const samples = [
    'dial tcp 10.9.0.4:8080: connect: connection refused',
    'dial tcp: lookup stok on 10.0.0.10:53: no such host',
    'connect ECONNREFUSED 10.9.0.4:8080',
    'java.net.UnknownHostException: ledgr',
    'all is well',
  ];
  expect(
    dialErrors(stateOf([logsSeen('till', samples)])).map(({ host, port, why }) => [host, port, why]),
  ).toEqual([
    ['10.9.0.4', 8080, 'refused'],
    ['stok', null, 'no_name'],
    ['10.9.0.4', 8080, 'refused'],
    ['ledgr', null, 'no_name'],
  ]);
});

test('what a manifest declares fills in what a list does not show, and never replaces it', () => {
  const service = (over: object): ClusterObject => ({
    ...{
      kind: 'service',
      name: 'stock',
      clusterIp: null,
      type: null,
      selector: null,
      labels: null,
      endpoints: null,
    },
    ports: null,
    ...over,
  });
  const port = { name: 'api', port: 80, target: 8080, protocol: 'TCP', appProtocol: null };
  const state = stateOf([
    {
      read: { tool: 'k8s_list', args: { kind: 'service' }, service: scope },
      call: call(1),
      seen: {
        look: 'objects',
        objects: [
          service({
            selector: { app: 'stok' },
            clusterIp: '10.9.0.4',
            ports: [{ ...port, name: null, target: null }],
          }),
        ],
        truncated: false,
      },
    },
    {
      read: { tool: 'k8s_manifest', args: { app: 'stock' }, service: scope },
      call: call(2),
      seen: {
        look: 'objects',
        objects: [service({ selector: { app: 'stock' }, ports: [port] })],
        truncated: false,
      },
    },
  ]);
  expect(state.services.get('stock')).toMatchObject({
    value: { selector: { app: 'stok' }, clusterIp: '10.9.0.4', ports: [{ name: 'api', target: 8080 }] },
    calls: ['e2', 'e1'],
  });
});

test('every cause has a detector, and none says anything of a cluster that was not seen', () => {
  expect(new Set(clusterDetectors.map(({ cause }) => cause))).toEqual(new Set(clusterCauses));
  const state = stateOf([]);
  for (const { cause, find } of clusterDetectors) expect([cause, find(state)]).toEqual([cause, []]);
});

test('no log line makes a detector throw, and none alone is enough to blame a node', () => {
  const blamed = (samples: readonly string[]): string[] => {
    const state = stateOf([logsSeen('till', samples)]);
    return clusterDetectors.flatMap(({ find }) => find(state).map(({ object }) => object));
  };
  const lines = fc.array(fc.string({ maxLength: 300 }), { maxLength: 8 });
  const property = fc.property(lines, (samples) => !blamed(samples).some((one) => one.startsWith('node:')));
  fc.assert(property, { numRuns: 200 });
});
