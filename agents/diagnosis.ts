import { DiagnosisReport } from '#incidents/reports.ts';
import type { Prompt } from '#prompts/load.ts';
import type { AgentSpec } from '#sessions/agent-spec.ts';
import { dropUnfounded } from './claims.ts';
import { RUN_LIMITS } from './limits.ts';

/** Says why, with evidence for and against, or abstains. */
export function diagnosisSpec(prompt: Prompt): AgentSpec {
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
    ],
    limits: { ...RUN_LIMITS, toolCalls: 30 },
    report: DiagnosisReport,
    settle: dropUnfounded,
  };
}
