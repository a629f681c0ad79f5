import type { Inventory } from '#incidents/inventory.ts';
import type { Prompts } from '#prompts/load.ts';
import type { AgentSpecs } from '#sessions/agent-spec.ts';
import { coordinatorSpec } from './coordinator.ts';
import { diagnosisSpec } from './diagnosis.ts';
import { monitorSpec } from './monitor.ts';
import { remediationSpec } from './remediation.ts';

/** The four agents; there are no others. What they report is checked against what the inventory lets them see. */
export function agentSpecs(prompts: Prompts, inventory: Inventory): AgentSpecs {
  return {
    coordinator: coordinatorSpec(prompts.coordinator),
    monitor: monitorSpec(prompts.monitor, inventory),
    diagnosis: diagnosisSpec(prompts, inventory),
    remediation: remediationSpec(prompts.remediation),
  };
}
