import { type Inventory, namesObjects } from '#incidents/inventory.ts';
import { ToldClusterDiagnosis, ToldDiagnosis } from '#incidents/reports.ts';
import type { Prompts } from '#prompts/load.ts';
import type { AgentSpec } from '#sessions/agent-spec.ts';
import { diagnosisClaims } from './claims.ts';
import { RUN_LIMITS } from './limits.ts';

/** What it looks at a cluster with. */
const clusterReads = [
  'k8s_list',
  'k8s_describe',
  'k8s_manifest',
  'k8s_events',
  'pod_logs',
  'node_service',
  'service_dependencies',
  'connectivity_check',
  'system_anomalies',
] as const;

/** What it looks at a PostgreSQL server with. */
const postgresReads = ['pg_activity', 'pg_locks', 'pg_replication', 'pg_sizes'] as const;

/** Says why, with evidence for and against, or abstains. Where nothing runs in a cluster, it is told nothing of clusters. */
export function diagnosisSpec(
  { diagnosis, diagnosisInCluster }: Pick<Prompts, 'diagnosis' | 'diagnosisInCluster'>,
  inventory: Inventory,
): AgentSpec {
  const services = [...inventory.services.values()];
  const hasCluster = services.some(({ cluster }) => cluster !== undefined);
  const hasPostgres = services.some(({ postgres }) => postgres !== undefined);
  return {
    role: 'diagnosis',
    prompt: hasCluster ? diagnosisInCluster : diagnosis,
    allowlist: [
      'metrics_query',
      'logs_search',
      'http_probe',
      'deployments_list',
      'workload_status',
      'runbook_search',
      'system_scan',
      ...(services.some(({ promql }) => promql === true) ? (['promql_query'] as const) : []),
      ...(hasPostgres ? postgresReads : []),
      ...(services.some(({ host }) => host === true) ? (['host_status'] as const) : []),
      ...(hasCluster ? clusterReads : []),
      'incident_history',
      ...(services.some(({ repo }) => repo !== undefined) ? (['changes_list', 'change_diff'] as const) : []),
      'evidence_read',
      'hypotheses_rank',
    ],
    limits: { ...RUN_LIMITS, toolCalls: 30 },
    report: namesObjects(inventory) ? ToldClusterDiagnosis : ToldDiagnosis,
    ...diagnosisClaims(inventory),
  };
}
