import { z } from 'zod';

/** Where in the life of what runs in a cluster a fault begins. */
export const ClusterPhase = z.enum([
  'admission',
  'scheduling',
  'startup',
  'runtime',
  'routing',
  'performance',
  'infrastructure',
]);
export type ClusterPhase = z.infer<typeof ClusterPhase>;

/** Causes that the product can name in a cluster. */
export const clusterCauses = [
  'namespace_cpu_quota_exceeded',
  'namespace_memory_quota_exceeded',
  'namespace_pod_quota_exceeded',
  'namespace_service_quota_exceeded',
  'namespace_storage_quota_exceeded',
  'missing_service_account',
  'node_cordon_mismatch',
  'node_affinity_mismatch',
  'node_selector_mismatch',
  'pod_anti_affinity_conflict',
  'taint_toleration_mismatch',
  'cpu_capacity_mismatch',
  'memory_capacity_mismatch',
  'pvc_selector_mismatch',
  'pvc_storage_class_mismatch',
  'pvc_access_mode_mismatch',
  'pvc_capacity_mismatch',
  'pv_binding_occupied',
  'image_registry_dns_failure',
  'incorrect_image_reference',
  'missing_image_pull_secret',
  'missing_secret_binding',
  'startup_configuration_error',
  'failing_revision',
  'volume_mount_permission_denied',
  'oom_killed',
  'liveness_probe_incorrect_protocol',
  'liveness_probe_incorrect_port',
  'liveness_probe_incorrect_timing',
  'liveness_probe_failing',
  'readiness_probe_incorrect_protocol',
  'readiness_probe_incorrect_port',
  'service_sidecar_port_conflict',
  'mysql_invalid_credentials',
  'mysql_invalid_port',
  'db_connection_exhaustion',
  'db_readonly_mode',
  'deployment_zero_replicas',
  'service_selector_mismatch',
  'service_port_mapping_mismatch',
  'service_protocol_mismatch',
  'service_env_var_address_mismatch',
  'service_dns_resolution_failure',
  'gateway_misrouted',
  'pod_cpu_overload',
  'pod_network_delay',
  'containerd_unavailable',
  'kubelet_unavailable',
  'kube_proxy_unavailable',
  'kube_scheduler_unavailable',
  'node_network_delay',
  'node_network_packet_loss',
] as const;
export const ClusterCause = z.enum(clusterCauses);
export type ClusterCause = z.infer<typeof ClusterCause>;

const from = (phase: ClusterPhase, causes: readonly ClusterCause[]) =>
  causes.map((cause): [ClusterCause, ClusterPhase] => [cause, phase]);
const slice = (first: ClusterCause, last: ClusterCause): readonly ClusterCause[] =>
  clusterCauses.slice(clusterCauses.indexOf(first), clusterCauses.indexOf(last) + 1);

const phases: ReadonlyMap<ClusterCause, ClusterPhase> = new Map([
  ...from('admission', slice('namespace_cpu_quota_exceeded', 'missing_service_account')),
  ...from('scheduling', slice('node_cordon_mismatch', 'pv_binding_occupied')),
  ...from('startup', slice('image_registry_dns_failure', 'volume_mount_permission_denied')),
  ...from('runtime', slice('oom_killed', 'deployment_zero_replicas')),
  ...from('routing', slice('service_selector_mismatch', 'gateway_misrouted')),
  ...from('performance', slice('pod_cpu_overload', 'pod_network_delay')),
  ...from('infrastructure', slice('containerd_unavailable', 'node_network_packet_loss')),
]);

/** The phase in which a cause begins; `null` for one that is not about a cluster. */
export function phaseOf(cause: string): ClusterPhase | null {
  const known = ClusterCause.safeParse(cause);
  return known.success ? (phases.get(known.data) ?? null) : null;
}

/** Causes that can come with a new version of what is deployed; where one did, the version before is free of them. */
export const revisionCauses = [
  'incorrect_image_reference',
  'missing_secret_binding',
  'startup_configuration_error',
  'failing_revision',
  'liveness_probe_incorrect_protocol',
  'liveness_probe_incorrect_port',
  'liveness_probe_incorrect_timing',
  'readiness_probe_incorrect_protocol',
  'readiness_probe_incorrect_port',
] as const satisfies readonly ClusterCause[];

/** What a cause is at: `app:shop`, `node:worker-1`, `namespace:prod`, or `session:4711` of a database. Minted by code from what was seen. */
export const ClusterRef = z
  .string()
  .regex(
    /^(app|node|namespace|session):[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
    'not a reference into a cluster',
  );
export type ClusterRef = z.infer<typeof ClusterRef>;
