import type {
  ContentBlockParam,
  MessageCreateParamsStreaming,
  TextBlockParam,
  Tool,
} from '@anthropic-ai/sdk/resources/messages';
import { argsObject, wireId, wireName } from './calls.ts';
import { isError, labelledInput, labelledResult } from './labelled.ts';
import type { Item, ToolSpec } from './model.ts';
import type { Wire } from './request-bytes.ts';
import { toolSchemaFor } from './tool-schema.ts';

type Params = MessageCreateParamsStreaming;

/**
 * The Messages API. Two cache marks: one behind tools and head, the same for all runs of a role; one that the provider
 * keeps at the last block, so that each turn reads what the turn before has written.
 */
export const anthropicWire: Wire = {
  head: (head, tools) => {
    const text: TextBlockParam = { type: 'text', text: head, cache_control: { type: 'ephemeral' } };
    const start: Pick<Params, 'system' | 'tools'> = {
      system: [text],
      tools: tools.map((tool, at) => toolOf(tool, at < MOST_STRICT)),
    };
    return `${JSON.stringify(start).slice(0, -1)},"messages":[`;
  },
  piece: (item) => {
    const blocks = blocksOf(item).map((block) => JSON.stringify(block));
    return { group: item.kind === 'reply' ? 'assistant' : 'user', json: blocks.join(',') };
  },
  open: (group) => `{"role":"${group}","content":[`,
  close: ']}',
  tail: ({ model, maxOutputTokens, mustCall, tools }) => {
    const rest: Omit<Params, 'messages'> = {
      model,
      max_tokens: maxOutputTokens,
      stream: true,
      cache_control: { type: 'ephemeral' },
      ...(tools.length === 0 ? {} : { tool_choice: { type: mustCall ? 'any' : 'auto' } }),
    };
    return `],${JSON.stringify(rest).slice(1)}`;
  },
};

/** The vendor takes so many strict tools in one request; what is asked of the others is checked by us alone. */
const MOST_STRICT = 20;

function toolOf(tool: ToolSpec, strict: boolean): Tool {
  const schema = toolSchemaFor('anthropic', tool);
  return {
    name: tool.name,
    description: tool.description,
    input_schema: { ...schema, type: 'object' },
    strict,
  };
}

function blocksOf(item: Item): ContentBlockParam[] {
  switch (item.kind) {
    case 'input':
      return [{ type: 'text', text: labelledInput(item) }];
    case 'reply':
      return replyBlocks(item);
    case 'result': {
      const result = { tool_use_id: wireId(item.id), content: labelledResult(item) } as const;
      return [{ type: 'tool_result', ...result, ...(isError(item) ? { is_error: true } : {}) }];
    }
  }
}

/** The provider takes neither a message without blocks nor a blank block, so silence is written out. */
function replyBlocks({ text, calls }: Extract<Item, { kind: 'reply' }>): ContentBlockParam[] {
  const said: ContentBlockParam[] = text.trim() === '' ? [] : [{ type: 'text', text: text.trimEnd() }];
  const uses = calls.map(
    ({ id, tool, args }): ContentBlockParam => ({
      type: 'tool_use',
      id: wireId(id),
      name: wireName(tool),
      input: argsObject(args),
    }),
  );
  const blocks = [...said, ...uses];
  return blocks.length === 0 ? [{ type: 'text', text: '(no answer)' }] : blocks;
}
