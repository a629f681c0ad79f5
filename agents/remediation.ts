import { z } from 'zod';
import { RemediationReport } from '#incidents/reports.ts';
import type { Prompt } from '#prompts/load.ts';
import type { AgentSpec } from '#sessions/agent-spec.ts';
import { RUN_LIMITS } from './limits.ts';

/** `proposed` is what code says when a change was taken up, so the only thing left to say is that there is none. */
const NoSafeAction = RemediationReport.extend({ outcome: z.literal('no_safe_action') });

/** Proposes a change; proposing ends its run, and people decide. */
export function remediationSpec(prompt: Prompt): AgentSpec {
  return {
    role: 'remediation',
    prompt,
    allowlist: [
      'service_restart',
      'service_rollback',
      'service_scale',
      'node_cordon',
      'alert_silence',
      'operator_action',
    ],
    limits: RUN_LIMITS,
    report: NoSafeAction,
  };
}
