import { z } from 'zod';
import type { ServiceId } from '#core/ids.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { ClusterKind, ClusterName, NodeServiceName } from '#incidents/observations-cluster.ts';
import type { SignalName } from '#incidents/vocabulary.ts';

/** The tools that look at one thing of a service. */
export const lookTools = [
  'logs_search',
  'deployments_list',
  'workload_status',
  'http_probe',
  'pg_activity',
  'pg_locks',
  'pg_replication',
  'pg_sizes',
  'host_status',
  'incident_history',
  'changes_list',
] as const;
export type LookTool = (typeof lookTools)[number];

/** A look at the cluster that a service or system runs in: the tool, with its arguments but for the service. */
export const ClusterLook = z.discriminatedUnion('tool', [
  z.object({ tool: z.literal('k8s_list'), args: z.strictObject({ kind: ClusterKind }) }),
  z.object({
    tool: z.literal('k8s_describe'),
    args: z.strictObject({ kind: ClusterKind, name: ClusterName }),
  }),
  z.object({ tool: z.literal('k8s_manifest'), args: z.strictObject({ app: ClusterName }) }),
  z.object({ tool: z.literal('k8s_events'), args: z.strictObject({}) }),
  z.object({ tool: z.literal('pod_logs'), args: z.strictObject({ app: ClusterName }) }),
  z.object({
    tool: z.literal('node_service'),
    args: z.strictObject({ node: ClusterName, service: NodeServiceName }),
  }),
  z.object({ tool: z.literal('service_dependencies'), args: z.strictObject({ app: ClusterName }) }),
  z.object({
    tool: z.literal('connectivity_check'),
    args: z.strictObject({ service: ClusterName, port: z.int() }),
  }),
  z.object({ tool: z.literal('system_anomalies'), args: z.strictObject({}) }),
]);
export type ClusterLook = z.infer<typeof ClusterLook>;
export type ClusterRead = ClusterLook & { readonly service: ServiceId };

/** One look at a system that a diagnosis may ask for. */
export type Read =
  | { readonly tool: 'metrics_query'; readonly service: ServiceId; readonly signal: SignalName }
  | { readonly tool: LookTool | 'system_scan'; readonly service: ServiceId }
  | ClusterRead;

export const isClusterRead = (read: Read): read is ClusterRead => 'args' in read;

/** Same key = same look. */
export function readKey(read: Read): string {
  if (isClusterRead(read)) return `${read.tool}:${read.service}:${Object.values(read.args).join(' ')}`;
  return `${read.tool}:${read.service}:${read.tool === 'metrics_query' ? read.signal : ''}`;
}

/** Whether the config says where this look would find anything. */
export function isConfigured(inventory: Inventory, read: Read): boolean {
  const service = inventory.services.get(read.service);
  if (service === undefined) return false;
  if (isClusterRead(read)) return service.cluster !== undefined;
  switch (read.tool) {
    case 'metrics_query':
      return service.signals[read.signal] !== undefined;
    case 'system_scan':
      return service.dependsOn.length > 0 && Object.keys(service.signals).length > 0;
    case 'logs_search':
      return (service.logs ?? []).length > 0 || service.loki !== undefined;
    case 'http_probe':
      return service.probe !== undefined;
    case 'deployments_list':
      return service.workload !== undefined || service.deployEnvironment !== undefined;
    case 'workload_status':
      return service.workload !== undefined;
    case 'pg_activity':
    case 'pg_locks':
    case 'pg_replication':
    case 'pg_sizes':
      return service.postgres !== undefined;
    case 'host_status':
      return service.host === true;
    case 'incident_history':
      return true;
    case 'changes_list':
      return service.repo !== undefined;
  }
}
