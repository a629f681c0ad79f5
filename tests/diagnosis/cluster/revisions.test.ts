import { describe, expect, test } from 'vitest';
import { CallId, ServiceId } from '#core/ids.ts';
import { addressDetectors } from '#diagnosis/cluster/addresses.ts';
import { revisionDetectors } from '#diagnosis/cluster/revisions.ts';
import { clusterState } from '#diagnosis/cluster/state.ts';
import type { ClusterSight } from '#diagnosis/evidence.ts';
import type { Anomaly, ClusterEvent, ClusterObject, Pod } from '#incidents/observations-cluster.ts';

const service = ServiceId.parse('bakery');
const call = CallId.parse('e1');

function pod(name: string, more: Partial<Pod> = {}): Pod {
  return {
    ...{
      kind: 'pod',
      name,
      app: 'oven',
      status: 'Running',
      ready: 1,
      total: 1,
      restarts: 0,
      restartedS: null,
    },
    ...{ ageS: 80_000, node: 'n1', ip: null, labels: null, spec: null, containers: null, conditions: null },
    events: null,
    ...more,
  };
}
const crashing = (name: string, more: Partial<Pod> = {}): Pod =>
  pod(name, { status: 'CrashLoopBackOff', ready: 0, restarts: 6, ageS: 900, ...more });
const workload: ClusterObject = {
  ...{ kind: 'workload', type: 'Deployment', name: 'oven', desired: 3, ready: 1, updated: 2, available: 1 },
  ...{ selector: null, spec: null, conditions: null, events: null },
};
const objects = (all: readonly ClusterObject[]): ClusterSight => ({
  ...{ read: { tool: 'k8s_list', args: { kind: 'pod' }, service }, call },
  seen: { look: 'objects', objects: [...all], truncated: false },
});
const logs = (samples: readonly string[]): ClusterSight => ({
  ...{ read: { tool: 'pod_logs', args: { app: 'oven' }, service }, call },
  seen: {
    look: 'logs',
    app: 'oven',
    logs: { lines: 50, errors: samples.length, patterns: samples.map((sample) => ({ count: 3, sample })) },
  },
});
const errors: Anomaly = { kind: 'app', name: 'oven', what: 'errors', normal: 0, now: 0.4 };
const measured: ClusterSight = {
  ...{ read: { tool: 'system_anomalies', args: {}, service }, call },
  seen: { look: 'anomalies', anomalies: [errors] },
};

function found(...sights: ClusterSight[]): Record<string, number> {
  const state = clusterState(sights, { scope: service, namespace: 'bakery' });
  const all = [...revisionDetectors, ...addressDetectors].flatMap(({ cause, find }) =>
    find(state).map(({ points }) => [cause, points] as const),
  );
  return Object.fromEntries(all);
}

describe('what ends by itself as it starts', () => {
  const started = objects([workload, crashing('oven-aaa-1'), pod('oven-bbb-2')]);

  test.each([
    'FATAL required env var DB_DSN is not set',
    'config error: unknown option "colour"',
    'panic: missing environment variable PORT',
    'Invalid configuration in /etc/oven.yaml',
  ])('and says %s has a wrong configuration', (line) => {
    expect(found(started, logs([line])).startup_configuration_error).toBe(86);
  });

  test.each([
    'connection refused by 10.0.0.1',
    'segmentation fault',
    'loaded configuration from /etc/oven.yaml',
  ])('and says %s has not', (line) =>
    expect(found(started, logs([line])).startup_configuration_error).toBeUndefined(),
  );

  test('while the older revision goes on is blamed on the revision, a little above the least that is named', () => {
    expect(found(started)).toEqual({ failing_revision: 71 });
  });

  test('is not blamed on its revision when the other pods are younger, are ill too, or there are none', () => {
    expect(found(objects([workload, crashing('oven-aaa-1'), pod('oven-bbb-2', { ageS: 60 })]))).toEqual({});
    expect(found(objects([workload, crashing('oven-aaa-1'), crashing('oven-bbb-2')]))).toEqual({});
    expect(found(objects([workload, crashing('oven-aaa-1')]))).toEqual({});
  });

  test('is not blamed on its revision when the kernel ended it', () => {
    const state = { is: 'waiting', reason: 'CrashLoopBackOff', message: null, exitCode: null } as const;
    const last = { is: 'terminated', reason: 'OOMKilled', message: null, exitCode: 137 } as const;
    const containers = [{ name: 'main', init: false, ready: false, restarts: 6, state, last }];
    expect(found(objects([workload, crashing('oven-aaa-1', { containers }), pod('oven-bbb-2')]))).toEqual({});
  });
});

describe('a container that its liveness probe ends', () => {
  const event: ClusterEvent = {
    ...{ about: null, warning: true, reason: 'Unhealthy', count: 9, ageS: 30 },
    message: 'Liveness probe failed: HTTP probe failed with statuscode: 500',
  };
  const killed = pod('oven-aaa-1', { restarts: 6, restartedS: 40, ready: 0, events: [event] });

  test('is named where it logs nothing bad and others of its kind are well, and left open where it is not known', () => {
    expect(found(objects([killed, pod('oven-aaa-2')]), logs([])).liveness_probe_failing).toBe(82);
    expect(found(objects([killed])).liveness_probe_failing).toBe(64);
  });

  test('is left to what knows the probe where the probe was seen', () => {
    const spec = {
      ...{ serviceAccount: null, dnsPolicy: null, nodeName: null, nodeSelector: null, nodeAffinity: null },
      ...{ podAntiAffinity: null, tolerations: null, pullSecrets: null, runAsUser: null, containers: [] },
      volumes: null,
    };
    expect(found(objects([{ ...killed, spec }, pod('oven-aaa-2')]), logs([]))).toEqual({});
  });
});

describe('names that do not resolve', () => {
  const line = logs(['Error: getaddrinfo ENOTFOUND yeast.storage.svc.cluster.local']);

  test('are a cause where who asks is long up and measured to fail', () => {
    expect(found(objects([pod('oven-aaa-1')]), line, measured).service_dns_resolution_failure).toBe(76);
  });

  test('are none while it starts, nor without a measurement that it fails', () => {
    expect(found(objects([pod('oven-aaa-1', { ageS: 20 })]), line, measured)).toEqual({});
    expect(found(objects([pod('oven-aaa-1')]), line)).toEqual({});
  });
});
