import { z } from 'zod';
import {
  ClusterKind,
  ClusterName,
  type ClusterSeen,
  NodeServiceName,
} from '#incidents/observations-cluster.ts';
import { ServiceRef } from '#incidents/refs.ts';
import type { ReadTool } from '../tool.ts';
import { lookResult, reach } from './cluster-look.ts';

const system = ServiceRef.describe('A service or system of the config that runs in a cluster');
const DEADLINE_MS = 10_000;
/** More are cut off where the answer is checked. */
const MOST_OBJECTS = 1000;
const common = { kind: 'read', tier: 'R0', version: 1, deadlineMs: DEADLINE_MS } as const;

const ListArgs = z.strictObject({ system, kind: ClusterKind });
export const k8sList: ReadTool<z.infer<typeof ListArgs>> = {
  ...common,
  name: 'k8s_list',
  description: 'All objects of one kind where a system runs, with their states.',
  args: ListArgs,
  perform: async ({ system, kind }, context) => {
    const at = reach(context, system);
    if (at.kind === 'gap') return at;
    const seen = await at.driver.list({ namespace: at.namespace, kind }, context.signal);
    return lookResult(seen, {
      value: ({ objects, truncated }): ClusterSeen => ({
        look: 'objects',
        objects: [...objects],
        truncated: truncated || objects.length > MOST_OBJECTS,
      }),
      facts: { system, kind },
    });
  },
};

const DescribeArgs = z.strictObject({ system, kind: ClusterKind, name: ClusterName });
export const k8sDescribe: ReadTool<z.infer<typeof DescribeArgs>> = {
  ...common,
  name: 'k8s_describe',
  description: 'One object of a system in full, with its conditions and events.',
  args: DescribeArgs,
  perform: async ({ system, kind, name }, context) => {
    const at = reach(context, system);
    if (at.kind === 'gap') return at;
    const seen = await at.driver.describe({ namespace: at.namespace, kind, name }, context.signal);
    return lookResult(seen, {
      value: (object): ClusterSeen => ({ look: 'objects', objects: [object], truncated: false }),
      facts: { system, kind, name },
    });
  },
};

const AppArgs = z.strictObject({ system, app: ClusterName });
export const k8sManifest: ReadTool<z.infer<typeof AppArgs>> = {
  ...common,
  name: 'k8s_manifest',
  description: 'What is declared for one application: its workload, its services, its claims and volumes.',
  args: AppArgs,
  perform: async ({ system, app }, context) => {
    const at = reach(context, system);
    if (at.kind === 'gap') return at;
    const seen = await at.driver.manifest({ namespace: at.namespace, app }, context.signal);
    return lookResult(seen, {
      value: (objects): ClusterSeen => ({ look: 'objects', objects: [...objects], truncated: false }),
      facts: { system, app },
    });
  },
};

const SystemArgs = z.strictObject({ system });
export const k8sEvents: ReadTool<z.infer<typeof SystemArgs>> = {
  ...common,
  name: 'k8s_events',
  description: 'Recent events where a system runs, warnings first.',
  args: SystemArgs,
  perform: async ({ system }, context) => {
    const at = reach(context, system);
    if (at.kind === 'gap') return at;
    const seen = await at.driver.events({ namespace: at.namespace }, context.signal);
    return lookResult(seen, {
      value: (events): ClusterSeen => ({ look: 'events', events: [...events] }),
      facts: { system },
    });
  },
};

export const podLogs: ReadTool<z.infer<typeof AppArgs>> = {
  ...common,
  name: 'pod_logs',
  description: 'Recent log lines of one application that speak of errors, grouped by kind of line.',
  args: AppArgs,
  perform: async ({ system, app }, context) => {
    const at = reach(context, system);
    if (at.kind === 'gap') return at;
    const seen = await at.driver.errorLogs({ namespace: at.namespace, app }, context.signal);
    return lookResult(seen, {
      value: (logs): ClusterSeen => ({ look: 'logs', app, logs }),
      facts: { system, app },
    });
  },
};

const NodeServiceArgs = z.strictObject({ system, node: ClusterName, service: NodeServiceName });
export const nodeService: ReadTool<z.infer<typeof NodeServiceArgs>> = {
  ...common,
  name: 'node_service',
  description: 'How a service of a node itself is doing, such as its kubelet.',
  args: NodeServiceArgs,
  perform: async ({ system, node, service }, context) => {
    const at = reach(context, system);
    if (at.kind === 'gap') return at;
    const seen = await at.driver.nodeService({ node, service }, context.signal);
    return lookResult(seen, {
      value: (state): ClusterSeen => ({ look: 'node_service', state }),
      facts: { system, node, service },
    });
  },
};

export const serviceDependencies: ReadTool<z.infer<typeof AppArgs>> = {
  ...common,
  name: 'service_dependencies',
  description: 'Who calls one application, and whom it calls.',
  args: AppArgs,
  perform: async ({ system, app }, context) => {
    const at = reach(context, system);
    if (at.kind === 'gap') return at;
    const seen = await at.driver.dependencies({ namespace: at.namespace, app }, context.signal);
    return lookResult(seen, {
      value: (dependencies): ClusterSeen => ({ look: 'dependencies', app, dependencies }),
      facts: { system, app },
    });
  },
};

const ConnectArgs = z.strictObject({ system, service: ClusterName, port: z.int().min(1).max(65_535) });
export const connectivityCheck: ReadTool<z.infer<typeof ConnectArgs>> = {
  ...common,
  name: 'connectivity_check',
  description: 'Whether a port of a service can be connected to from inside the cluster.',
  args: ConnectArgs,
  perform: async ({ system, service, port }, context) => {
    const at = reach(context, system);
    if (at.kind === 'gap') return at;
    const seen = await at.driver.connect({ namespace: at.namespace, service, port }, context.signal);
    return lookResult(seen, {
      value: (connectivity): ClusterSeen => ({ look: 'connectivity', service, port, connectivity }),
      facts: { system, service, port },
    });
  },
};

export const systemAnomalies: ReadTool<z.infer<typeof SystemArgs>> = {
  ...common,
  name: 'system_anomalies',
  description: 'Measurements of the applications and nodes of a system that left their normal level.',
  args: SystemArgs,
  perform: async ({ system }, context) => {
    const at = reach(context, system);
    if (at.kind === 'gap') return at;
    const seen = await at.driver.anomalies({ namespace: at.namespace }, context.signal);
    return lookResult(seen, {
      value: (anomalies): ClusterSeen => ({ look: 'anomalies', anomalies: [...anomalies] }),
      facts: { system },
    });
  },
};

/** Every tool that looks at a cluster. */
export const clusterTools: readonly ReadTool[] = [
  k8sList,
  k8sDescribe,
  k8sManifest,
  k8sEvents,
  podLogs,
  nodeService,
  serviceDependencies,
  connectivityCheck,
  systemAnomalies,
];
