import { z } from 'zod';
import type { ClusterEvent, ClusterObject } from '#incidents/observations-cluster.ts';
import { millicores, quantity } from '#tools/drivers/quantity.ts';
import { recorded } from './recorded.ts';
import { recordedAt } from './recorded-at.ts';

/** A member of another type than usual is one that was not recorded; the rest stands. */
const Text = z.string().nullish().catch(null);
const Count = z.int().nullish().catch(null);
const State = z.looseObject({
  running: z.unknown().optional(),
  waiting: z.unknown().optional(),
  terminated: z.unknown().optional(),
  ...{ reason: Text, message: Text, exit_code: Count, started_at: Text },
});
type State = z.infer<typeof State>;
const Container = z.looseObject({
  name: z.string(),
  ready: z.boolean().nullish(),
  restart_count: Count,
  state: State.nullish(),
  last_state: State.nullish(),
});
const Condition = z.looseObject({ type: z.string(), status: z.string(), reason: Text, message: Text });
const Pods = z.looseObject({
  pods: z.array(
    z.looseObject({
      name: z.string(),
      phase: Text,
      node_name: Text,
      start_time: Text,
      deletion_timestamp: Text,
      containers: z.array(Container).nullish(),
      conditions: z.array(Condition).nullish(),
    }),
  ),
});
const Deployments = z.looseObject({
  deployments: z.array(
    z.looseObject({ name: z.string(), desired: Count, ready: Count, updated: Count, available: Count }),
  ),
});
const Nodes = z.looseObject({
  nodes: z.array(
    z.looseObject({
      name: z.string(),
      ready: z.union([z.string(), z.boolean()]).nullish().catch(null),
      memory_pressure: Text,
      disk_pressure: Text,
      pid_pressure: Text,
      unschedulable: z.boolean().nullish(),
      allocatable_cpu: Text,
      allocatable_memory: Text,
    }),
  ),
});
const Events = z.looseObject({
  warning_events: z.array(
    z.looseObject({
      reason: Text,
      message: Text,
      type: Text,
      count: Count,
      involved_object: Text,
      last_time: Text,
    }),
  ),
});
type Evidence = ReadonlyMap<string, unknown>;

const age = (text: string | null | undefined, now: number): number | null => {
  const at = Date.parse(text ?? '');
  return Number.isFinite(at) && at <= now ? Math.round((now - at) / 1000) : null;
};

function stateOf(state: State | null | undefined) {
  if (state == null) return null;
  const { running, waiting, terminated, reason, message, exit_code } = state;
  const is = waiting ? 'waiting' : terminated ? 'terminated' : running ? 'running' : 'unknown';
  return {
    is,
    reason: reason ?? null,
    message: message ?? null,
    exitCode: exit_code ?? null,
  } as const;
}

/** The workload whose name a pod's begins with; where none does, what is left without what a controller appends. */
function appOf(pod: string, workloads: readonly string[]): string | null {
  const owner = workloads.filter((name) => pod.startsWith(`${name}-`)).sort((a, b) => b.length - a.length)[0];
  return owner ?? /^(.+)-[a-z0-9]{6,10}-[a-z0-9]{5}$/.exec(pod)?.[1] ?? null;
}

export function workloadsOf(evidence: Evidence): ClusterObject[] | null {
  const found = recorded(evidence, 'eks_deployments', Deployments);
  return (
    found?.deployments.map(({ name, desired, ready, updated, available }) => ({
      ...{ kind: 'workload', type: 'Deployment', name, desired: desired ?? null, ready: ready ?? null },
      ...{ updated: updated ?? null, available: available ?? null, selector: null, spec: null },
      ...{ conditions: null, events: null },
    })) ?? null
  );
}

export function podsOf(evidence: Evidence): ClusterObject[] | null {
  const found = recorded(evidence, 'eks_pods', Pods);
  if (found === null) return null;
  const now = recordedAt(evidence);
  const workloads = (workloadsOf(evidence) ?? []).map(({ name }) => name);
  return found.pods.map((pod) => {
    const containers = (pod.containers ?? []).map((one) => ({
      ...{ name: one.name, init: false, ready: one.ready ?? null, restarts: one.restart_count ?? null },
      ...{ state: stateOf(one.state), last: stateOf(one.last_state) },
    }));
    const restarts = containers.reduce((sum, one) => sum + (one.restarts ?? 0), 0);
    const began = pod.containers?.map(({ state }) => age(state?.started_at, now)).find((one) => one !== null);
    const held = containers.find(
      ({ state }) => state !== null && state.is !== 'running' && state.reason !== null,
    );
    const status =
      pod.deletion_timestamp == null ? (held?.state?.reason ?? pod.phase ?? null) : 'Terminating';
    return {
      ...{ kind: 'pod', name: pod.name, app: appOf(pod.name, workloads), status, containers },
      ...{
        ready: containers.filter(({ ready }) => ready === true).length,
        total: containers.length,
        restarts,
      },
      ...{ restartedS: restarts > 0 ? (began ?? null) : null, ageS: age(pod.start_time, now) },
      ...{ node: pod.node_name ?? null, ip: null, labels: null, spec: null },
      conditions: (pod.conditions ?? []).map(({ type, status: is, reason, message }) => ({
        ...{ type, status: is, reason: reason || null, message: message || null },
      })),
      events: eventsOf(evidence)?.filter(({ about }) => about?.name === pod.name) ?? null,
    };
  });
}

export function nodesOf(evidence: Evidence): ClusterObject[] | null {
  const found = recorded(evidence, 'eks_node_health', Nodes);
  return (
    found?.nodes.map((node) => ({
      ...{
        kind: 'node',
        name: node.name,
        ready: readiness(node.ready),
        unschedulable: node.unschedulable ?? null,
      },
      ...{ labels: null, taints: null, requested: null, events: null },
      allocatable: {
        cpu: millicores(node.allocatable_cpu ?? ''),
        memory: quantity(node.allocatable_memory ?? ''),
      },
      conditions: (['memory', 'disk', 'pid'] as const).map((what) => ({
        ...{
          type: `${what}_pressure`,
          status: node[`${what}_pressure`] ?? 'Unknown',
          reason: null,
          message: null,
        },
      })),
    })) ?? null
  );
}

const readiness = (said: string | boolean | null | undefined): 'True' | 'False' | 'Unknown' | null => {
  const word = String(said).toLowerCase();
  return word === 'true' ? 'True' : word === 'false' ? 'False' : word === 'unknown' ? 'Unknown' : null;
};

export function eventsOf(evidence: Evidence): ClusterEvent[] | null {
  const found = recorded(evidence, 'eks_events', Events);
  if (found === null) return null;
  const now = recordedAt(evidence);
  return found.warning_events.map((event) => {
    const [kind, name] = (event.involved_object ?? '').split('/');
    return {
      about: kind && name ? { kind: kind.toLowerCase(), name } : null,
      ...{ warning: event.type !== 'Normal', reason: event.reason ?? '', message: event.message ?? '' },
      ...{ count: event.count ?? 1, ageS: age(event.last_time, now) },
    };
  });
}
