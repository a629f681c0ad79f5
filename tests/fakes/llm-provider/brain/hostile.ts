import { hostileModel } from '#llm/hostile.ts';
import type { Brain } from '../asked.ts';
import { readingBrain } from './reader.ts';
import { requestOf } from './transcript.ts';

/** The hostile model behind a wire: it sees the texts of the request only, and plays along by reading them. */
export function hostileBrain(seed: number): Brain {
  return async (asked) => {
    const accomplice = {
      name: 'reading',
      reply: async () => {
        const { text = '', calls = [] } = await readingBrain(asked);
        return {
          ...({ kind: 'reply', text, stop: 'tool_use' } as const),
          calls: calls.map((call, at) => ({ id: `a${at}`, ...call })),
          usage: { inputTokens: 0, outputTokens: 0, usdMicros: 0 },
          by: { model: 'reading', mode: 'model', why: null } as const,
        };
      },
    };
    const reply = await hostileModel({ seed, accomplice }).reply(
      requestOf(asked),
      new AbortController().signal,
    );
    return reply.kind === 'reply' ? { text: reply.text, calls: reply.calls } : {};
  };
}
