import { z } from 'zod';
import type { JsonObject } from '#core/canonical.ts';
import type { SessionTool, ToolResult } from '#tools/tool.ts';
import type { SessionsFold } from './sessions-fold.ts';

const HistoryArgs = z.strictObject({});

/** `sessions_history`: the coordinator's own sub-agents, how they stand and how they ended; never what was said in them. */
export function historyTool(fold: SessionsFold): SessionTool<z.infer<typeof HistoryArgs>> {
  return {
    kind: 'session',
    tier: 'R0',
    name: 'sessions_history',
    version: 1,
    description: 'Lists the sub-agents of this incident: role, state, outcome.',
    args: HistoryArgs,
    deadlineMs: 5_000,
    perform: async (_args, { caller }): Promise<ToolResult> => {
      const incident = fold.incident(caller.incident);
      if (caller.kind !== 'agent' || incident === undefined || incident.coordinator !== caller.session) {
        return { kind: 'gap', reason: 'refused', detail: 'caller_not_allowed' };
      }
      const children = incident.runs.filter((run) => run.role !== 'coordinator');
      const sessions = children.map(
        (run): JsonObject => ({
          childSessionKey: run.session,
          runId: run.run,
          role: run.role,
          state: run.settled === null ? 'started' : 'settled',
          outcome: run.settled?.outcome ?? null,
          reason: run.settled?.reason ?? null,
        }),
      );
      const lines = children.map((run) => `${run.role} ${run.run} ${run.settled?.outcome ?? 'started'}`);
      return { kind: 'ok', value: { sessions }, text: lines.join('\n') || 'no sub-agents yet' };
    },
  };
}
