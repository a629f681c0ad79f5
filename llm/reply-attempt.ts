import { pairable } from './calls.ts';
import { failed } from './failure.ts';
import type { ModelCall } from './model.ts';
import type { Attempt, Tokens } from './provider.ts';

/**
 * A whole answer as an attempt. A refusal asks for nothing, whatever it had begun to ask for; calls whose results could
 * not be paired with them make it no reply.
 */
export function replyAttempt(answer: {
  texts: readonly string[];
  calls: readonly ModelCall[];
  isRefused: boolean;
  isCut: boolean;
  tokens: Tokens;
}): Attempt {
  const { isRefused, isCut, tokens } = answer;
  const calls = pairable(answer.calls);
  if (calls === null) return failed('invalid_reply', tokens);
  const text = answer.texts.join('\n').toWellFormed();
  if (isRefused) return { kind: 'reply', text, calls: [], stop: 'refusal', tokens };
  return {
    kind: 'reply',
    text,
    calls,
    stop: isCut ? 'length' : calls.length > 0 ? 'tool_use' : 'end',
    tokens,
  };
}
