import type { Inventory } from '#incidents/inventory.ts';
import { MonitorReport } from '#incidents/reports.ts';
import type { Prompt } from '#prompts/load.ts';
import type { AgentSpec } from '#sessions/agent-spec.ts';
import { monitorClaims } from './claims.ts';
import { RUN_LIMITS } from './limits.ts';

/** Says what is wrong, since when and how wide. */
export function monitorSpec(prompt: Prompt, inventory: Inventory): AgentSpec {
  return {
    role: 'monitor',
    prompt,
    allowlist: ['metrics_query', 'http_probe', 'workload_status', 'evidence_read'],
    limits: RUN_LIMITS,
    report: MonitorReport,
    ...monitorClaims(inventory),
  };
}
