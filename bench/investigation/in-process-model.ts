import type { Model } from '#llm/model.ts';
import { nextStep } from './script.ts';

/** The same model without network, adapters and books: what is left is the product's own. */
export function inProcessModel(): Model {
  let count = 0;
  return {
    name: 'in-process',
    reply: async ({ items, tools }) => {
      count += 1;
      const marks = items.map((item) =>
        item.kind === 'result'
          ? '"type":"function_call_output"'
          : item.kind === 'input'
            ? `"role":"user" ${item.text}`
            : '',
      );
      const { text, calls } = nextStep(
        `${tools.map(({ name }) => `"name":"${name}"`).join()} ${marks.join(' ')}`,
      );
      return {
        kind: 'reply',
        text,
        calls: calls.map(({ tool, args }, i) => ({ id: `call_${count}_${i}`, tool, args })),
        stop: calls.length > 0 ? 'tool_use' : 'end',
        usage: { inputTokens: 0, outputTokens: 0, usdMicros: 0 },
        by: { model: 'in-process', mode: 'model', why: null },
      };
    },
  };
}
