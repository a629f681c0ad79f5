import type { ModelReply } from '#llm/model.ts';

export type Reply = Extract<ModelReply, { kind: 'reply' }>;

const MAX_CALLS = 16;
const MAX_CHARS = 64_000;
const NAME = /^[A-Za-z0-9_.:-]{1,120}$/;

/** True for a reply that can be recorded and paired: few calls, plain names, no call id twice, of bearable size. */
export function isUsable(reply: Reply): boolean {
  if (reply.calls.length > MAX_CALLS) return false;
  const ids = new Set(reply.calls.map((call) => call.id));
  if (ids.size !== reply.calls.length) return false;
  if (!reply.calls.every((call) => NAME.test(call.id) && NAME.test(call.tool))) return false;
  return size(reply) <= MAX_CHARS;
}

/** Arguments that are nested too deeply to be written count as too large. */
function size(reply: Reply): number {
  try {
    return reply.text.length + JSON.stringify(reply.calls).length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
