import { PostgresCause } from '#incidents/postgres-causes.ts';
import type { Cause } from '#incidents/vocabulary.ts';

/** What others sort causes into. */
export type Category =
  | 'healthy'
  | 'configuration_error'
  | 'resource_exhaustion'
  | 'infrastructure'
  | 'unknown';

const RESOURCES: ReadonlySet<Cause> = new Set<Cause>([
  ...([
    'namespace_cpu_quota_exceeded',
    'namespace_memory_quota_exceeded',
    'namespace_pod_quota_exceeded',
  ] as const),
  ...(['namespace_service_quota_exceeded', 'namespace_storage_quota_exceeded', 'oom_killed'] as const),
  ...(['cpu_capacity_mismatch', 'memory_capacity_mismatch', 'pod_cpu_overload'] as const),
  ...PostgresCause.options,
  ...(['db_connection_exhaustion', 'memory_leak', 'stuck_pool', 'overload'] as const),
]);
const INFRASTRUCTURE: ReadonlySet<Cause> = new Set<Cause>([
  ...(['containerd_unavailable', 'kubelet_unavailable', 'kube_proxy_unavailable'] as const),
  ...(['kube_scheduler_unavailable', 'node_network_delay', 'node_network_packet_loss'] as const),
  ...(['pod_network_delay', 'image_registry_dns_failure', 'instance_down'] as const),
]);

/** Something ran out, something below failed, or somebody declared something wrong. */
export function categoryOf(cause: Cause): Category {
  if (cause === 'unknown') return 'unknown';
  if (RESOURCES.has(cause)) return 'resource_exhaustion';
  return INFRASTRUCTURE.has(cause) ? 'infrastructure' : 'configuration_error';
}
