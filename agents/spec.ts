import type { Prompts } from '#prompts/load.ts';
import type { AgentSpecs } from '#sessions/agent-spec.ts';
import { coordinatorSpec } from './coordinator.ts';
import { diagnosisSpec } from './diagnosis.ts';
import { monitorSpec } from './monitor.ts';
import { remediationSpec } from './remediation.ts';

/** The four agents; there are no others. */
export function agentSpecs(prompts: Prompts): AgentSpecs {
  return {
    coordinator: coordinatorSpec(prompts.coordinator),
    monitor: monitorSpec(prompts.monitor),
    diagnosis: diagnosisSpec(prompts.diagnosis),
    remediation: remediationSpec(prompts.remediation),
  };
}
