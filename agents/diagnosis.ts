import type { Inventory } from '#incidents/inventory.ts';
import { DiagnosisReport } from '#incidents/reports.ts';
import type { Prompt } from '#prompts/load.ts';
import type { AgentSpec } from '#sessions/agent-spec.ts';
import { diagnosisClaims } from './claims.ts';
import { RUN_LIMITS } from './limits.ts';

/** Says why, with evidence for and against, or abstains. */
export function diagnosisSpec(prompt: Prompt, inventory: Inventory): AgentSpec {
  return {
    role: 'diagnosis',
    prompt,
    allowlist: [
      'metrics_query',
      'logs_search',
      'http_probe',
      'deployments_list',
      'workload_status',
      'runbook_search',
      'evidence_read',
      'hypotheses_rank',
    ],
    limits: { ...RUN_LIMITS, toolCalls: 30 },
    report: DiagnosisReport.omit({ rulesFirst: true }),
    ...diagnosisClaims(inventory),
  };
}
