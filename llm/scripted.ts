import type { JsonValue } from '#core/canonical.ts';
import type { Model, ModelReply, ModelRequest } from './model.ts';

/** One turn of a script. A call without an id gets one that no other call of its session has. */
export type ScriptedTurn =
  | {
      readonly text?: string;
      readonly calls?: readonly { readonly tool: string; readonly args: JsonValue; readonly id?: string }[];
      readonly stop?: 'tool_use' | 'end' | 'length' | 'refusal';
    }
  | { readonly fails: Extract<ModelReply, { kind: 'failed' }>['reason'] };

/** Turns of each role, in order; every session of the role plays them from the first one on. */
export type Script = Readonly<Record<string, readonly ScriptedTurn[]>>;

/**
 * A model that plays a script: for tests and evals, never for a server. Which turn is next is told by the replies that the
 * session holds, so it goes on after a restart. After the last turn, and for a role without a script, it asks for nothing.
 */
export function scriptedModel(script: Script): Model {
  return {
    name: 'scripted',
    reply: (request, signal) =>
      Promise.resolve(signal.aborted ? { kind: 'failed', reason: 'aborted' } : replyTo(request, script)),
  };
}

function replyTo({ role, items }: ModelRequest, script: Script): ModelReply {
  const said = items.filter((item) => item.kind === 'reply').length;
  const turn = script[role]?.[said] ?? {};
  if ('fails' in turn) return { kind: 'failed', reason: turn.fails };
  const { text = '', calls = [] } = turn;
  return {
    kind: 'reply',
    text,
    calls: calls.map(({ tool, args, id }, at) => ({ id: id ?? `s${said + 1}-${at + 1}`, tool, args })),
    stop: turn.stop ?? (calls.length > 0 ? 'tool_use' : 'end'),
    usage: { inputTokens: 0, outputTokens: 0, usdMicros: 0 },
    by: { model: 'scripted', mode: 'model', why: null },
  };
}
