import { FirebreakError } from '#core/errors.ts';
import { redact } from '#core/redact.ts';
import type { ClusterKind } from '#incidents/observations-cluster.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { createGitHub } from '#tools/drivers/github/github.ts';
import { gapOfRefusal, type KubeClient } from '#tools/drivers/kubernetes/client.ts';
import { objectsOf } from '#tools/drivers/kubernetes/kinds.ts';
import { createLister } from '#tools/drivers/kubernetes/lister.ts';
import { gapOfFailure, WireResult } from '#tools/drivers/mcp/client.ts';
import { definitionOf, WireTool } from '#tools/drivers/mcp/definition.ts';
import { answerOf } from '#tools/drivers/mcp/result.ts';
import { millicores, quantity } from '#tools/drivers/quantity.ts';
import { cleaned, shown } from '#tools/read/cleaned.ts';
import { foreign } from '#tools/read/foreign.ts';
import { parseRunbook } from '#tools/runbooks.ts';
import { CANARY } from '../canary.ts';
import { jsonOrText, type Ran, read, refused, type Target } from '../target.ts';
import { saying } from './telemetry.ts';

const clock = new FakeClock();
const never = new AbortController().signal;
const now = clock.now();
const at = new Date(now - 60_000).toISOString();
const sha = 'a1b2c3d4e5'.repeat(4);

const commit = {
  ...{ sha, author: { login: 'alice' }, html_url: 'x' },
  commit: {
    message: `rotate ${CANARY}\n\nmore`,
    author: { name: 'Alice', date: at },
    committer: { name: 'A', date: at },
  },
  files: [{ filename: 'a.ts', additions: 1, deletions: 2, patch: `@@ -1 +1 @@\n+token = "${CANARY}"` }],
};
const deployment = { id: 7, sha, created_at: at, creator: { login: 'alice' } };
const repo = 'shop/checkout';
const query = { repo, from: now - 3_600_000, to: now };

/** What people and models see of a change, as the tools show it. */
const textOf = (value: unknown): string => shown(cleaned(JSON.parse(JSON.stringify(value)), 300));

const meta = (name: string) => ({
  ...{ name, uid: 'u-1', resourceVersion: '7', generation: 2, creationTimestamp: at },
  ...{ labels: { app: 'checkout' }, annotations: { note: CANARY } },
  ownerReferences: [{ kind: 'ReplicaSet', name: 'checkout-abc', uid: 'u-2', controller: true }],
});
const container = {
  ...{
    name: 'main',
    image: 'shop/checkout:1.4.2',
    ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
  },
  resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '1', memory: '1Gi' } },
  livenessProbe: { httpGet: { port: 'http', path: '/healthz' }, periodSeconds: 10 },
  env: [
    { name: 'DB', value: `postgres://app:${CANARY}@db/shop` },
    { name: 'X', valueFrom: { secretKeyRef: { name: 's' } } },
  ],
  volumeMounts: [{ name: 'v', mountPath: '/data', readOnly: true }],
};
const pod = {
  metadata: meta('checkout-abc-1'),
  spec: {
    nodeName: 'n1',
    containers: [container],
    initContainers: [],
    tolerations: [{ key: 'a', operator: 'Exists' }],
  },
  status: {
    ...{
      phase: 'Running',
      startTime: at,
      conditions: [{ type: 'Ready', status: 'False', reason: 'x', message: CANARY }],
    },
    containerStatuses: [
      {
        ...{
          name: 'main',
          ready: false,
          restartCount: 4,
          image: 'x',
          state: { waiting: { reason: 'CrashLoopBackOff' } },
        },
        lastState: { terminated: { exitCode: 137, reason: 'OOMKilled', startedAt: at, finishedAt: at } },
      },
    ],
  },
};
const node = {
  metadata: meta('n1'),
  spec: { unschedulable: true, taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }] },
  status: {
    capacity: { cpu: '4', memory: '8Gi' },
    allocatable: { cpu: '3900m', memory: '7Gi' },
    conditions: [],
  },
};
const quota = {
  metadata: meta('q'),
  spec: { hard: { cpu: '4' } },
  status: { hard: { cpu: '4' }, used: { cpu: '3500m' } },
};

/** One answer of an API server, to a driver that asks for objects of that kind. */
async function listed(kind: ClusterKind, text: string): Promise<Ran> {
  const answer = { kind: 'answer', status: 200, text } as const;
  const client: KubeClient = {
    get: async () => answer,
    patch: async () => answer,
    lines: async function* () {},
  };
  const seen = await objectsOf(createLister(client, clock), { namespace: 'shop', kind }, never);
  return seen.kind === 'gap' ? refused(seen.detail) : read(textOf(seen.value));
}
const list = (item: object) =>
  JSON.stringify({ kind: 'List', metadata: { resourceVersion: '9', continue: '' }, items: [item] });

async function github(look: 'merged' | 'deployed' | 'diff', input: string): Promise<Ran> {
  const driver = createGitHub(
    { url: 'http://127.0.0.1:9', token: () => 'sesame', send: saying(input) },
    clock,
  );
  const seen = await {
    merged: () => driver.merged(query, never),
    deployed: () => driver.deployed({ repo, environment: 'prod' }, never),
    diff: () => driver.diff({ repo, sha }, never),
  }[look]();
  return seen.kind === 'gap' ? refused(seen.detail) : read(textOf(seen.value));
}

const result = {
  content: [
    { type: 'text', text: `line 1\nAuthorization: Bearer ${CANARY}` },
    { type: 'image', data: 'x' },
  ],
  ...{ structuredContent: { a: [1] }, isError: false },
};
const tool = {
  ...{ name: 'search', description: 'Looks things up', annotations: { readOnlyHint: true } },
  inputSchema: { type: 'object', properties: { query: { type: 'string' } } },
};

export const systemTargets: readonly Target[] = [
  ...(
    [
      ['pod', pod],
      ['node', node],
      ['quota', quota],
      ['configmap', { metadata: { name: 'settings' } }],
      [
        'service',
        {
          metadata: meta('checkout'),
          spec: { selector: { app: 'x' }, ports: [{ port: 80, targetPort: 'http' }] },
        },
      ],
      [
        'pvc',
        {
          metadata: meta('data'),
          spec: { storageClassName: 'x', resources: { requests: { storage: '1Gi' } } },
          status: { phase: 'Pending' },
        },
      ],
    ] as const
  ).map(
    ([kind, item]): Target => ({
      name: `Kubernetes ${kind}`,
      seeds: [list(item)],
      run: (input) => listed(kind, input),
    }),
  ),
  {
    name: 'Kubernetes refusal',
    seeds: [
      JSON.stringify({ kind: 'Status', reason: 'Forbidden', message: `user "x" with ${CANARY} cannot` }),
    ],
    run: (text) =>
      read(gapOfRefusal({ kind: 'answer', status: 403, text }, { verb: 'list', resource: 'pods' }).detail),
  },
  { name: 'GitHub changes', seeds: [JSON.stringify([commit])], run: (input) => github('merged', input) },
  { name: 'GitHub change', seeds: [JSON.stringify(commit)], run: (input) => github('diff', input) },
  {
    name: 'GitHub deployments',
    seeds: [JSON.stringify([{ ...deployment, state: 'success' }])],
    run: (input) => github('deployed', input),
  },
  {
    name: 'MCP answer',
    seeds: [JSON.stringify(result), JSON.stringify({ content: [], structuredContent: { token: CANARY } })],
    run: (input) => {
      try {
        const seen = answerOf(WireResult.parse(jsonOrText(input)));
        if (seen.kind === 'gap') return refused(seen.detail);
        const lines = redact(seen.value.text).split('\n');
        return read(lines.map((line) => foreign(line, 2000)));
      } catch (error) {
        return refused(gapOfFailure(error).detail);
      }
    },
  },
  {
    name: 'MCP definition',
    seeds: [JSON.stringify(tool)],
    run: (input) => {
      try {
        definitionOf(WireTool.parse(jsonOrText(input)));
        return read();
      } catch (error) {
        return refused(gapOfFailure(error).detail);
      }
    },
  },
  {
    name: 'quantity',
    seeds: ['100m', '1.5Gi', '4', '128974848', '500k'],
    run: (input) => {
      const all = [quantity(input), millicores(input)];
      if (all.some((one) => one !== null && !Number.isFinite(one)))
        throw new FirebreakError('bug', 'not a number');
      return all[0] === null ? refused() : read();
    },
  },
  {
    name: 'runbook',
    seeds: [
      '# Restarting\n\nSee `kubectl`.\n',
      '---\nservices: [checkout]\nactions:\n  - {cause: bad_deploy, tool: service_rollback, target: self}\n---\n# Errors\n',
    ],
    throws: ['config_invalid'],
    most: 300_000,
    run: (input) => {
      parseRunbook('/x/errors.md', 'errors', input);
      return read();
    },
  },
];
