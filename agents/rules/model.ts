import type { Inventory } from '#incidents/inventory.ts';
import { AgentRole } from '#incidents/vocabulary.ts';
import type { Model, ModelReply, ModelRequest } from '#llm/model.ts';
import { whole } from '#sessions/context.ts';
import { coordinatorTurn } from './coordinator.ts';
import { diagnosisTurn } from './diagnosis.ts';
import { monitorTurn } from './monitor.ts';
import { remediationTurn } from './remediation.ts';
import { askedCalls } from './transcript.ts';
import type { RulesRole } from './turn.ts';

const roles: Readonly<Record<AgentRole, RulesRole>> = {
  coordinator: coordinatorTurn,
  monitor: monitorTurn,
  diagnosis: diagnosisTurn,
  remediation: remediationTurn,
};

/**
 * The model that needs no provider: it plays all four agents by rules, through the same tools. A pure function of the
 * request and the inventory, so it goes on after a restart where the transcript ends. Costs nothing, never throws.
 */
export function rulesModel(inventory: Inventory): Model {
  return {
    name: 'rules',
    reply: (request, signal) =>
      Promise.resolve(signal.aborted ? { kind: 'failed', reason: 'aborted' } : replyTo(request, inventory)),
  };
}

function replyTo(request: ModelRequest, inventory: Inventory): ModelReply {
  const role = AgentRole.safeParse(request.role);
  const items = whole(request.items);
  const turn = role.success ? roles[role.data]({ ...request, items }, inventory) : null;
  if (turn === null) return { kind: 'failed', reason: 'invalid_reply' };
  const before = askedCalls(items).length;
  return {
    kind: 'reply',
    text: turn.text,
    calls: turn.calls.map(({ tool, args }, i) => ({ id: `r${before + i + 1}`, tool, args })),
    stop: turn.calls.length > 0 ? 'tool_use' : 'end',
    usage: { inputTokens: 0, outputTokens: 0, usdMicros: 0 },
    by: { model: 'rules', mode: 'rules', why: null },
  };
}
