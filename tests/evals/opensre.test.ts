import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { clusterReplay } from '#evals/opensre/cluster-replay.ts';
import { databaseReplay } from '#evals/opensre/database-replay.ts';
import { loadScenarios, loadTruth } from '#evals/opensre/scenario.ts';
import { opensre } from '#evals/opensre/suite.ts';

const NOW = '2030-05-01T12:00:00Z';
const before = (s: number): string => new Date(Date.parse(NOW) - s * 1000).toISOString();
const never = new AbortController().signal;

type Made = { readonly [file: string]: unknown };
const ready = { type: 'Ready', status: 'True', reason: '', message: '' };
const pod = (name: string, state: object, more: object = {}) => ({
  ...{ name, namespace: 'bakery', phase: 'Running', node_name: 'n1', start_time: before(86_400) },
  containers: [{ name: 'oven', ready: true, restart_count: 0, state, ...more }],
  conditions: [ready],
});
const well = (name: string) => pod(name, { running: true, started_at: before(80_000) });
const page = (annotations: object = {}) => ({
  ...{ title: 'Something about the oven', state: 'alerting', alert_source: 'datadog' },
  commonLabels: { alertname: 'Oven', severity: 'critical', namespace: 'bakery' },
  commonAnnotations: { summary: 'the oven is cold', k8s_failure_mode: 'a lie', ...annotations },
});
const answer = (category: string): string =>
  `root_cause_category: ${category}\nmodel_response: |\n  - Pods wait. [evidence: eks_pods]\n  - [evidence: eks_pods, eks_events]\n`;

const base: Made = {
  'scenario.yml':
    'scenario_id: calm\nengine: eks\nnamespace: bakery\nfailure_mode: healthy\navailable_evidence:\n  - eks_pods\n  - eks_events\n  - eks_deployments\n  - datadog_monitors\n  - datadog_logs\n',
  'answer.yml': answer('healthy'),
  'alert.json': page(),
  'eks_pods.json': { pods: [well('oven-5d6f7a8b9c-aaaaa'), well('oven-5d6f7a8b9c-bbbbb')] },
  'eks_deployments.json': { deployments: [{ name: 'oven', desired: 2, ready: 2, available: 2 }] },
  'eks_events.json': { warning_events: [] },
  'datadog_monitors.json': { monitors: [] },
  'datadog_logs.json': { logs: [{ message: 'baked 12', status: 'info', service: 'oven', timestamp: NOW }] },
};
const crashing: Made = {
  'scenario.yml': 'base: calm\nscenario_id: crash\nfailure_mode: secret\n',
  'answer.yml': answer('configuration_error'),
  'alert.json': page(),
  'eks_pods.json': {
    pods: [
      pod(
        'oven-77778888cc-ccccc',
        { waiting: true, reason: 'CrashLoopBackOff', message: 'back-off' },
        { ready: false, restart_count: 5 },
      ),
      well('oven-5d6f7a8b9c-aaaaa'),
    ],
  },
  'eks_pod_logs.json': {
    pod_name: 'oven-77778888cc-ccccc',
    logs: `${NOW} INFO starting\n${NOW} FATAL environment variable YEAST_URL is not set\n`,
  },
};
const database: Made = {
  'scenario.yml': 'scenario_id: db\nengine: postgres\ndb_instance_identifier: flour\n',
  'answer.yml': 'root_cause_category: resource_exhaustion\nrequired_evidence_sources:\n  - aws_rds_events\n',
  'alert.json': page({ db_instance_identifier: 'flour', read_replica: 'flour-copy' }),
  'aws_cloudwatch_metrics.json': {
    metric_data_results: [
      ['CPUUtilization', 'Percent', 'flour', [10, 40, 50, 60]],
      ['CPUUtilization', 'Percent', 'sugar', [99, 99, 99, 99]],
      ['WriteLatency', 'Seconds', 'flour', [0.001, 0.002, 0.002, 0.002]],
      ['FreeStorageSpace', 'Bytes', 'flour', [9000, 8000, 7000, 6400]],
      ['ReplicaLag', 'Seconds', 'flour-copy', [1, 300, 500, 900]],
    ].map(([metric_name, unit, name, values]) => ({
      ...{ metric_name, unit, values, dimensions: [{ Name: 'DBInstanceIdentifier', Value: name }] },
      timestamps: [180, 120, 60, 0].map(before),
    })),
  },
  'aws_performance_insights.json': {
    db_load: { values: [1, 2, 1] },
    top_sql: [
      { statement: 'SELECT 1', db_load_avg: 60, wait_events: [{ name: 'CPU:user', db_load_avg: 30 }] },
    ],
    top_wait_events: [{ name: 'IO:WALWrite', db_load_avg: 40 }],
  },
  'aws_rds_events.json': { events: [{ date: before(3600), message: 'Backup finished.' }] },
};

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'firebreak-opensre-'));
  for (const [name, files] of Object.entries({ calm: base, crash: crashing, db: database })) {
    for (const [file, value] of Object.entries(files)) {
      const path = join(root, 'set', name, file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value));
    }
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function scenario(id: string) {
  const found = (await loadScenarios(root)).find((one) => one.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
}

describe('a scenario', () => {
  test('has the evidence of its own folder, and what it says to have and has not from its base', async () => {
    const { evidence, kind, system } = await scenario('crash');
    expect({ kind, system }).toEqual({ kind: 'cluster', system: 'bakery' });
    expect([...evidence.keys()].sort()).toEqual([
      ...['datadog_logs', 'datadog_monitors', 'eks_deployments', 'eks_events', 'eks_pod_logs', 'eks_pods'],
    ]);
  });

  test('shows nothing of its truth to whoever diagnoses it', async () => {
    const shown = JSON.stringify([...Object.entries(await scenario('crash'))]);
    expect(shown).not.toMatch(/configuration_error|failure_mode|a lie|secret/);
    expect(await loadTruth(await scenario('crash'))).toEqual({
      category: 'configuration_error',
      evidence: ['eks_pods', 'eks_events'],
    });
  });
});

test('a cluster of a scenario answers what was recorded, and a typed gap for what was not', async () => {
  const driver = clusterReplay((await scenario('crash')).evidence);
  const listed = await driver.list({ namespace: 'bakery', kind: 'pod' }, never);
  expect(listed).toMatchObject({
    value: {
      objects: [
        { name: 'oven-77778888cc-ccccc', app: 'oven', status: 'CrashLoopBackOff', restarts: 5, ready: 0 },
        { name: 'oven-5d6f7a8b9c-aaaaa', status: 'Running', ready: 1, ageS: 86_400 },
      ],
    },
  });
  expect(await driver.errorLogs({ namespace: 'bakery', app: 'oven' }, never)).toMatchObject({
    value: {
      lines: 3,
      errors: 1,
      patterns: [{ sample: `${NOW} FATAL environment variable YEAST_URL is not set` }],
    },
  });
  expect(await driver.list({ namespace: 'bakery', kind: 'service' }, never)).toMatchObject({
    reason: 'not_recorded',
  });
  expect(await driver.manifest({ namespace: 'bakery', app: 'oven' }, never)).toMatchObject({
    reason: 'not_recorded',
  });
});

test('a member of another type than usual is not recorded, and the rest of the evidence stands', async () => {
  const evidence = new Map<string, unknown>([
    ['eks_pods', { pods: [{ ...well('oven-5d6f7a8b9c-aaaaa'), node_name: 7, phase: 'Running' }] }],
    [
      'eks_node_health',
      {
        nodes: [
          { name: 'n1', ready: true },
          { name: 'n2', ready: 'False' },
        ],
      },
    ],
  ]);
  const driver = clusterReplay(evidence);
  expect(await driver.list({ namespace: 'bakery', kind: 'pod' }, never)).toMatchObject({
    value: { objects: [{ app: 'oven', status: 'Running', node: null }] },
  });
  expect(await driver.list({ namespace: 'bakery', kind: 'node' }, never)).toMatchObject({
    value: { objects: [{ ready: 'True' }, { ready: 'False' }] },
  });
});

test('a database of a scenario answers of itself and its replica alone, in units of ours', async () => {
  const { evidence, system, replica } = await scenario('db');
  const driver = databaseReplay({ evidence, database: system, replica });
  expect(await driver.activity(never)).toMatchObject({
    value: {
      connections: null,
      waits: [{ type: 'IO', event: 'WALWrite' }],
      // Hundredths of a mean load of 4/3, not sessions.
      queries: [{ sessions: expect.closeTo(0.8), computing: expect.closeTo(0.4) }],
      resources: { cpuShare: { now: 0.5, normal: 0.1 }, writeMs: { now: 2, normal: 1 }, diskQueue: null },
      messages: [{ ageS: 3600, text: 'Backup finished.' }],
    },
  });
  expect(await driver.replication(never)).toMatchObject({
    value: { replicas: [{ name: 'flour-copy', lagS: 500 }] },
  });
  expect(await driver.sizes(never)).toMatchObject({ value: { freeBytes: 6400, fullInS: 640 } });
  expect(await driver.locks(never)).toMatchObject({ kind: 'gap', reason: 'not_recorded' });
});

test('the suite prints what it is asked for and is not told the truth before the runs', async () => {
  const score = await opensre({
    ...{ data: root, model: 'rules', maxReads: null, leaveOut: null, clock: realClock, say: () => {} },
  });
  expect(score).toMatchObject({ suite: 'opensre', model: 'rules', cases: 3 });
  expect(Object.keys(score.metrics)).toEqual(['a1', 'falseAlarms', 'noFaultCases', 'evidenceCoverage']);
  expect(score.metrics).toMatchObject({ falseAlarms: 0, noFaultCases: 1 });
  expect(score.table[1]).toMatch(/configuration_error +configuration_error/);
});
