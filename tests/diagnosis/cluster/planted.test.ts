import { describe, expect, test } from 'vitest';
import { CallId, ServiceId } from '#core/ids.ts';
import { CONFIRMED, LIKELY } from '#diagnosis/assessment.ts';
import { databaseDetectors } from '#diagnosis/cluster/databases.ts';
import { appsWithoutPods } from '#diagnosis/cluster/facts.ts';
import { startupDetectors } from '#diagnosis/cluster/startup.ts';
import { clusterState } from '#diagnosis/cluster/state.ts';
import type { ClusterSight } from '#diagnosis/evidence.ts';
import type { ClusterKind, ClusterObject, ContainerSeen, Pod } from '#incidents/observations-cluster.ts';
import { podSpecOf } from '#tools/drivers/kubernetes/to-pod.ts';
import { WirePodSpec } from '#tools/drivers/kubernetes/wire-pod.ts';

const service = ServiceId.parse('bakery');
const call = CallId.parse('e1');

const pod = (more: Partial<Pod> = {}): Pod => ({
  ...{ kind: 'pod', name: 'oven-1', app: 'oven', status: 'Running', ready: 1, total: 1, restarts: 1 },
  ...{ restartedS: null, ageS: 9_000_000, node: 'n1', ip: null, labels: null, spec: null, containers: null },
  ...{ conditions: null, events: null },
  ...more,
});
const ended = (reason: string, message: string | null = null): ContainerSeen => ({
  ...{ name: 'main', init: false, ready: true, restarts: 1 },
  state: { is: 'running', reason: null, message: null, exitCode: null },
  last: { is: 'terminated', reason, message, exitCode: 137 },
});
const listed = (kind: ClusterKind, all: readonly ClusterObject[], truncated = false): ClusterSight => ({
  ...{ read: { tool: 'k8s_list', args: { kind }, service }, call },
  seen: { look: 'objects', objects: [...all], truncated },
});

const stateOf = (...sights: ClusterSight[]) => clusterState(sights, { scope: service, namespace: 'bakery' });
const named = (...sights: ClusterSight[]): string[] =>
  startupDetectors.flatMap(({ cause, find }) => find(stateOf(...sights)).map(() => cause));

describe('a pod that was ended for its memory', () => {
  const containers = [ended('OOMKilled')];

  test('is named while it is lately, or while the pod is in trouble', () => {
    expect(named(listed('pod', [pod({ containers, restartedS: 300 })]))).toEqual(['oom_killed']);
    expect(named(listed('pod', [pod({ containers, restartedS: 9000, ready: 0 })]))).toEqual(['oom_killed']);
  });

  test('is no culprit weeks later, when it runs well since then', () => {
    expect(named(listed('pod', [pod({ containers, restartedS: 2_000_000 })]))).toEqual([]);
  });

  test('is not told by the last words of a process that ended by itself', () => {
    const own = [ended('Error', 'payment refused: OOMKilled, out of memory')];
    expect(named(listed('pod', [pod({ containers: own, restartedS: 60 })]))).toEqual([]);
    const kernel = [ended('StartError', 'container init was OOM-killed (memory limit too low?)')];
    expect(named(listed('pod', [pod({ containers: kernel, restartedS: 60 })]))).toEqual(['oom_killed']);
  });
});

const declared = (optional: boolean) =>
  podSpecOf(
    WirePodSpec.parse({
      containers: [
        {
          name: 'main',
          env: [{ name: 'KEY', valueFrom: { secretKeyRef: { name: 'keys', key: 'k', optional } } }],
          envFrom: [{ configMapRef: { name: 'tuning', optional } }],
        },
      ],
      volumes: [{ name: 'extra', secret: { secretName: 'extra', optional } }],
    }),
  );

test('a secret that a pod can start without is not missing', () => {
  const sick = (optional: boolean) => pod({ ready: 0, spec: declared(optional) });
  expect(named(listed('pod', [sick(false)]), listed('secret', []))).toEqual(['missing_secret_binding']);
  expect(named(listed('pod', [sick(true)]), listed('secret', []))).toEqual([]);
});

describe('words of a database in the log of a program', () => {
  const line = (count: number): ClusterSight => ({
    ...{ read: { tool: 'pod_logs', args: { app: 'oven' }, service }, call },
    seen: {
      ...{ look: 'logs', app: 'oven' },
      logs: { lines: 90, errors: 9, patterns: [{ count, sample: 'order refused: Too many connections' }] },
    },
  });
  const points = (...sights: ClusterSight[]): number[] =>
    databaseDetectors.flatMap(({ find }) => find(stateOf(...sights)).map((one) => one.points));

  test('name nothing when they were said once and it is well, and alone confirm nothing', () => {
    const [once] = points(listed('pod', [pod()]), line(1));
    const [often] = points(listed('pod', [pod()]), line(30));
    expect(once).toBeLessThan(LIKELY);
    expect(often).toBeGreaterThanOrEqual(LIKELY);
    expect(often).toBeLessThan(CONFIRMED);
  });

  test('confirm a cause where the program is seen to be in trouble', () => {
    expect(points(listed('pod', [pod({ ready: 0 })]), line(1))[0]).toBeGreaterThanOrEqual(CONFIRMED);
  });
});

describe('a list of which only a part was seen', () => {
  const workload: ClusterObject = {
    ...{ kind: 'workload', type: 'Deployment', name: 'oven', desired: 3, ready: 0, updated: 0, available: 0 },
    ...{ selector: null, spec: null, conditions: null, events: null },
  };

  test('says nothing of what is not in it', () => {
    const sick = pod({ ready: 0, spec: declared(false) });
    expect(named(listed('pod', [sick]), listed('secret', [], true))).toEqual([]);
    const without = (truncated: boolean) =>
      appsWithoutPods(stateOf(listed('workload', [workload]), listed('pod', [], truncated)));
    expect(without(false)).toHaveLength(1);
    expect(without(true)).toEqual([]);
  });
});
