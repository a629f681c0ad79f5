import { pairable } from '#llm/calls.ts';
import type { ModelReply } from '#llm/model.ts';

export type Reply = Extract<ModelReply, { kind: 'reply' }>;

const MAX_CALLS = 16;
const MAX_CHARS = 64_000;

/** True for a reply that can be recorded and paired: few calls, plain names, no call id twice, of bearable size. */
export function isUsable(reply: Reply): boolean {
  return reply.calls.length <= MAX_CALLS && pairable(reply.calls) !== null && size(reply) <= MAX_CHARS;
}

/**
 * The reply with ids that no earlier call of the session had, and notes them in `used`: some servers number their calls
 * anew in every reply, and two calls with one id would take each other's results.
 */
export function withOwnIds(reply: Reply, used: Set<string>): Reply {
  const calls = reply.calls.map((call) => {
    let id = call.id;
    for (let again = 2; used.has(id); again += 1) id = `${call.id.slice(0, 40)}_${again}`;
    used.add(id);
    return id === call.id ? call : { ...call, id };
  });
  return { ...reply, calls };
}

/** Arguments that are nested too deeply to be written count as too large. */
function size(reply: Reply): number {
  try {
    return reply.text.length + JSON.stringify(reply.calls).length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
