import type { Inventory } from '#incidents/inventory.ts';
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

/** Says why, with evidence for and against, or abstains. Where nothing runs in a cluster, it is told nothing of clusters. */
export function diagnosisSpec(
  { diagnosis, diagnosisInCluster }: Pick<Prompts, 'diagnosis' | 'diagnosisInCluster'>,
  inventory: Inventory,
): AgentSpec {
  const hasCluster = [...inventory.services.values()].some(({ cluster }) => cluster !== undefined);
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
      ...(hasCluster ? clusterReads : []),
      'evidence_read',
      'hypotheses_rank',
    ],
    limits: { ...RUN_LIMITS, toolCalls: 30 },
    report: hasCluster ? ToldClusterDiagnosis : ToldDiagnosis,
    ...diagnosisClaims(inventory),
  };
}
