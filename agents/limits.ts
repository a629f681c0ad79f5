import type { RunLimits } from '#sessions/agent-spec.ts';

/** What one run may take: five minutes, 20 model calls, 25 tool calls. */
export const RUN_LIMITS: RunLimits = { wallMs: 300_000, modelCalls: 20, toolCalls: 25 };
