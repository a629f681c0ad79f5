import { z } from 'zod';
import type { JsonValue } from '#core/canonical.ts';

/** The recorded files that the answer to a look is made of. */
export function sourcesOf(tool: string, args: JsonValue): readonly string[] {
  switch (tool) {
    case 'k8s_list':
    case 'k8s_describe':
      return (OF_KIND[kindOf(args)] ?? []).filter((name) => tool === 'k8s_describe' || name !== 'eks_events');
    case 'k8s_events':
      return ['eks_events'];
    case 'pod_logs':
      return ['eks_pod_logs', 'datadog_logs'];
    case 'system_anomalies':
      return ['datadog_monitors'];
    case 'pg_activity':
      return ['aws_performance_insights', 'aws_rds_events', 'aws_cloudwatch_metrics'];
    case 'pg_replication':
    case 'pg_sizes':
      return ['aws_cloudwatch_metrics'];
    default:
      return [];
  }
}

const OF_KIND: Readonly<Record<string, readonly string[]>> = {
  pod: ['eks_pods', 'eks_events'],
  workload: ['eks_deployments'],
  node: ['eks_node_health'],
};

function kindOf(args: JsonValue): string {
  return z.object({ kind: z.string() }).safeParse(args).data?.kind ?? '';
}
