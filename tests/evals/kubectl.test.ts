import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  anomaliesOf,
  connectivityOf,
  dependenciesOf,
  logsOf,
  nodeServiceOf,
} from '#evals/cloudopsbench/answers.ts';
import { described } from '#evals/cloudopsbench/kubectl/describe.ts';
import { configuredNodes, listed, rowsOf } from '#evals/cloudopsbench/kubectl/get.ts';
import { declaredObjects } from '#evals/cloudopsbench/kubectl/manifest.ts';
import { ageOf, tableOf } from '#evals/cloudopsbench/kubectl/table.ts';
import { replayDriver } from '#evals/cloudopsbench/replay-driver.ts';
import { clusterKinds } from '#incidents/observations-cluster.ts';

const POD = `Name:             oven-7d9-x2x
Namespace:        bakery
Service Account:  oven
Node:             n2/10.0.0.2
Labels:           app=oven
                  pod-template-hash=7d9
Status:           Running
IP:               10.1.0.9
Containers:
  main:
    Image:          registry.example/oven:1.4
    Port:           8080/TCP
    State:          Waiting
      Reason:       CrashLoopBackOff
    Last State:     Terminated
      Reason:       OOMKilled
      Exit Code:    137
    Ready:          False
    Restart Count:  4
    Limits:
      cpu:     300m
      memory:  128Mi
    Requests:
      cpu:      200m
      memory:   64Mi
    Liveness:   http-get http://:9090/healthz delay=5s timeout=1s period=10s #success=1 #failure=3
    Readiness:  grpc <pod>:8080  delay=1s timeout=1s period=5s #success=1 #failure=3
    Environment:
      ORDERS_ADDR:    orders:8080
      LEDGER_PASSWORD:  hunter2
      LOGIN:          <set to the key 'user' in secret 'oven-login'>  Optional: false
    Mounts:
      /data from data (rw)
Conditions:
  Type           Status
  Ready          False
Volumes:
  data:
    Type:       PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)
    ClaimName:  oven-data
Node-Selectors:  heat=high
Tolerations:     node.kubernetes.io/not-ready:NoExecute op=Exists for 300s
                 dedicated=batch:NoSchedule
Events:
  Type     Reason   Age                From     Message
  ----     ------   ----               ----     -------
  Warning  BackOff  12s (x9 over 98s)  kubelet  Back-off restarting failed container main
`;

describe('a description', () => {
  const pod = described('pod', POD);

  test('of a pod gives its containers, states, probes, volumes and events', () => {
    expect(pod).toMatchObject({
      ...{
        kind: 'pod',
        name: 'oven-7d9-x2x',
        app: 'oven',
        node: 'n2',
        ip: '10.1.0.9',
        ready: 0,
        restarts: 4,
      },
      spec: {
        ...{ serviceAccount: 'oven', nodeSelector: { heat: 'high' }, nodeAffinity: null },
        containers: [
          {
            ports: [{ port: 8080, protocol: 'TCP' }],
            limits: { cpu: 300, memory: 134_217_728 },
            liveness: { how: 'http', port: 9090, path: '/healthz', delayS: 5, failures: 3 },
            readiness: { how: 'grpc', port: 8080, periodS: 5 },
            mounts: [{ path: '/data', volume: 'data', readOnly: false }],
          },
        ],
        volumes: [{ name: 'data', claim: 'oven-data' }],
      },
      containers: [{ last: { reason: 'OOMKilled', exitCode: 137 }, state: { reason: 'CrashLoopBackOff' } }],
      events: [{ warning: true, reason: 'BackOff', count: 9, ageS: 12 }],
    });
  });

  test('keeps an address of the environment and leaves out what may be a secret', () => {
    expect(pod).toHaveProperty('spec.containers.0.env', [
      { name: 'ORDERS_ADDR', value: 'orders:8080', secret: null, configMap: null },
      { name: 'LEDGER_PASSWORD', value: null, secret: null, configMap: null },
      { name: 'LOGIN', value: null, secret: 'oven-login', configMap: null },
    ]);
    expect(JSON.stringify(pod)).not.toContain('hunter2');
  });

  test('of a service whose target port no pod has shows no address behind it', () => {
    const text =
      'Name: stock\nSelector: app=stock\nType: ClusterIP\nIP: 10.9.0.4\nPort: grpc  7000/UDP\nTargetPort: api/UDP\nEndpoints: 10.1.0.5\n';
    expect(described('service', text)).toMatchObject({
      ports: [{ name: 'grpc', port: 7000, target: 'api', protocol: 'UDP' }],
      endpoints: [],
    });
  });

  test('is null where the text is none', () => {
    for (const kind of clusterKinds) expect(described(kind, 'Error from server (NotFound)')).toBeNull();
  });
});

describe('a list', () => {
  test('in two formats is one list, and restarts keep how long ago the last was', () => {
    const narrow =
      'NAME          READY   STATUS    RESTARTS      AGE\noven-7d9-x2   0/1     Pending   2 (30s ago)   5m3s\n';
    const labels =
      'NAME          READY   STATUS    RESTARTS      AGE    LABELS\noven-7d9-x2   0/1     Pending   2 (30s ago)   5m3s   app=oven,pod-template-hash=7d9\n';
    const [row] = rowsOf([narrow, labels]);
    expect(listed('pod', row ?? {}, 'Deployment')).toMatchObject({
      ...{ name: 'oven-7d9-x2', app: 'oven', status: 'Pending', ready: 0, total: 1 },
      ...{ restarts: 2, restartedS: 30, ageS: 303, labels: { app: 'oven', 'pod-template-hash': '7d9' } },
    });
  });

  test('of quotas tells what is used and what is allowed, in plain units', () => {
    const text =
      'NAME    AGE   REQUEST                                  LIMIT\nhouse   3d    requests.cpu: 1500m/2, pods: 3/10   \n';
    expect(listed('quota', rowsOf([text])[0] ?? {}, 'Deployment')).toEqual({
      ...{ kind: 'quota', name: 'house' },
      lines: [
        { resource: 'requests.cpu', used: 1.5, hard: 2 },
        { resource: 'pods', used: 3, hard: 10 },
      ],
    });
  });

  test.each([
    ['98s', 98],
    ['3m26s', 206],
    ['2d3h', 183_600],
    ['<none>', null],
    ['', null],
  ])('reads the age %s', (text, seconds) => {
    expect(ageOf(text)).toBe(seconds);
  });
});

test('a manifest gives what is declared, and a broken document of it is left out', () => {
  const yaml = [
    'kind: Deployment\nmetadata: {name: oven}\nspec: {template: {spec: {dnsPolicy: None, containers: [{name: a, env: [{name: STOCK_ADDR, value: "stock:8080"}]}]}}}',
    'kind: Service\nmetadata: {name: oven}\nspec: {selector: {app: oven}, ports: [{port: 80, targetPort: web, protocol: UDP}]}',
    'kind: PersistentVolumeClaim\nmetadata: {name: d}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 2Gi}}}',
    'kind: [',
  ].join('\n---\n');
  expect(declaredObjects(yaml)).toMatchObject([
    {
      kind: 'workload',
      name: 'oven',
      spec: { dnsPolicy: 'None', containers: [{ env: [{ value: 'stock:8080' }] }] },
    },
    { kind: 'service', ports: [{ port: 80, target: 'web', protocol: 'UDP' }] },
    { kind: 'pvc', size: 2_147_483_648, modes: ['RWO'] },
  ]);
});

describe('other answers', () => {
  test('of a dependency tree are the edges of the tree', () => {
    const text =
      '[Service]: till (Entrypoint)\n[Upstream (Called By)]: (User Traffic)\n[Downstream (Calls)]:\ntill\n├── orders\n│   └── ledger      <-- (Database)\n└── stock';
    expect(dependenciesOf(text)).toEqual({
      calledBy: [],
      edges: [
        { from: 'till', to: 'orders' },
        { from: 'orders', to: 'ledger' },
        { from: 'till', to: 'stock' },
      ],
    });
  });

  test('of measurements keep what left its level, with its figures', () => {
    const text = JSON.stringify({
      alerts: [
        {
          type: 'Node',
          name: 'n1',
          evidence: ['NET [TCP Retransmission] | Normal=0.07retrans -> Current=6.1retrans'],
        },
        { type: 'Service', name: 'till', evidence: ['RES [cpu_cfs] | Val: 1.095s (Throttled)'] },
      ],
    });
    expect(anomaliesOf(text)).toEqual([
      { kind: 'node', name: 'n1', what: 'retransmissions', normal: 0.07, now: 6.1 },
      { kind: 'app', name: 'till', what: 'cpu_throttled', normal: null, now: 1.095 },
    ]);
  });

  test('of a stopped service of a node say so', () => {
    expect(nodeServiceOf('n1', 'kubelet', 'Active: inactive (dead) since Fri')).toMatchObject({
      state: 'inactive',
    });
    expect(nodeServiceOf('n1', 'kubelet', 'Active: active (running)')).toMatchObject({ state: 'active' });
    expect(nodeServiceOf('n1', 'kubelet', 'what?')).toMatchObject({ state: 'unknown' });
  });

  test('that say neither yes nor no to a connection are none', () => {
    expect(connectivityOf('stock (10.1.0.5:80) open\nConnection Succeeded')).toMatchObject({ open: true });
    expect(connectivityOf('Connection Failed')).toMatchObject({ open: false });
    expect(connectivityOf('')).toBeNull();
  });
});

test('what was not recorded is a gap of its own kind, and counted', async () => {
  const driver = replayDriver({ namespace: 'bakery', answers: new Map() });
  const signal = new AbortController().signal;
  expect(await driver.list({ namespace: 'bakery', kind: 'pod' }, signal)).toMatchObject({
    reason: 'not_recorded',
  });
  expect(await driver.errorLogs({ namespace: 'bakery', app: 'till' }, signal)).toMatchObject({ kind: 'gap' });
  expect(driver.missed()).toBe(2);
});

test('no text makes a parser throw', () => {
  const line = fc.oneof(fc.string(), fc.constantFrom(...POD.split('\n')));
  const text = fc.array(line, { maxLength: 60 }).map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(text, (any) => {
      for (const kind of clusterKinds) {
        described(kind, any);
        for (const row of rowsOf([any])) listed(kind, row, 'Deployment');
      }
      tableOf(any);
      declaredObjects(any);
      configuredNodes(any);
      logsOf(any);
      anomaliesOf(any);
      dependenciesOf(any);
      connectivityOf(any);
      nodeServiceOf('n1', 'kubelet', any);
    }),
    { numRuns: 150 },
  );
});
