import type { Prompt } from '#prompts/load.ts';
import type { AgentSpec } from '#sessions/agent-spec.ts';
import { RUN_LIMITS } from './limits.ts';

/** Reads people and reports, starts sub-agents, escalates. Holds no tool that looks at or changes a system. */
export function coordinatorSpec(prompt: Prompt): AgentSpec {
  return {
    role: 'coordinator',
    prompt,
    allowlist: [
      'sessions_spawn',
      'sessions_history',
      'incident_note',
      'incident_escalate',
      'incident_resolve',
    ],
    limits: RUN_LIMITS,
    report: null,
  };
}
