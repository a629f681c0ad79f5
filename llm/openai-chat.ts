import type {
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionFunctionTool,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions/completions';
import { z } from 'zod';
import { readJson } from '#core/foreign-json.ts';
import { argsObject, argsOf, wireId, wireName } from './calls.ts';
import type { ReplyReader } from './exchange.ts';
import { failed, Said, saidReason } from './failure.ts';
import { labelledInput, labelledResult } from './labelled.ts';
import type { Item, ToolSpec } from './model.ts';
import { openaiTokens } from './openai-tokens.ts';
import type { Attempt, Tokens } from './provider.ts';
import { replyAttempt } from './reply-attempt.ts';
import type { Wire } from './request-bytes.ts';
import { toolSchemaFor } from './tool-schema.ts';

type Params = ChatCompletionCreateParamsNonStreaming;

/** How the longest answer is named: OpenAI's newer models refuse the old name, other servers do not know the new one. */
type Limit = 'max_completion_tokens' | 'max_tokens';

/** Chat Completions, for servers that speak OpenAI's older API; not streamed, which more of them do well with tools. */
export const chatWire = (limit: Limit): Wire => ({
  head: (head, tools) => {
    const system: ChatCompletionMessageParam = { role: 'system', content: head };
    const start = tools.length === 0 ? {} : { tools: tools.map(toolOf) };
    const text = JSON.stringify({ ...start, messages: [system] } satisfies Pick<
      Params,
      'tools' | 'messages'
    >);
    return `${text.slice(0, -2)}`;
  },
  piece: (item) => ({ group: 'messages', json: JSON.stringify(messageOf(item)) }),
  open: () => ',',
  close: '',
  tail: ({ model, maxOutputTokens, mustCall, tools }) => {
    const rest: Omit<Params, 'messages'> = {
      model,
      [limit]: maxOutputTokens,
      ...(tools.length === 0 ? {} : { tool_choice: mustCall ? 'required' : 'auto' }),
    };
    return `],${JSON.stringify(rest).slice(1)}`;
  },
});

function toolOf(tool: ToolSpec): ChatCompletionFunctionTool {
  const { name, description } = tool;
  return {
    type: 'function',
    function: { name, description, parameters: { ...toolSchemaFor('openai', tool) }, strict: true },
  };
}

function messageOf(item: Item): ChatCompletionMessageParam {
  switch (item.kind) {
    case 'input':
      return { role: 'user', content: labelledInput(item) };
    case 'reply': {
      const calls = item.calls.map(({ id, tool, args }) => ({
        type: 'function' as const,
        id: wireId(id),
        function: { name: wireName(tool), arguments: JSON.stringify(argsObject(args)) },
      }));
      const role = 'assistant' as const;
      if (calls.length > 0) return { role, content: item.text, tool_calls: calls };
      return { role, content: item.text.trim() === '' ? '(no answer)' : item.text };
    }
    case 'result':
      return { role: 'tool', tool_call_id: wireId(item.id), content: labelledResult(item) };
  }
}

const Count = z.number().int().nonnegative();
const Usage = z.object({
  prompt_tokens: Count,
  completion_tokens: Count,
  prompt_tokens_details: z
    .object({ cached_tokens: Count.nullish(), cache_write_tokens: Count.nullish() })
    .nullish(),
});
const Call = z.object({ id: z.string(), function: z.object({ name: z.string(), arguments: z.string() }) });
const Choice = z.object({
  finish_reason: z.string().nullish(),
  message: z.object({
    content: z.string().nullish(),
    refusal: z.string().nullish(),
    tool_calls: z.array(Call).nullish(),
  }),
});
const Completion = z.object({ choices: z.tuple([Choice], z.unknown()) });
/** What it cost, read apart: a completion of an odd shape is paid for as well. */
const Billed = z.object({ usage: Usage });
/** Some servers answer 200 with an error in the body. */
const Refusal = z.object({ error: Said });

/** Reads one whole completion. One that does not say what it cost is no reply: its cost would be hidden. */
export function createCompletionReader(): ReplyReader {
  let attempt: Attempt = failed('unavailable');
  return {
    accepts: 'application/json',
    push: (data) => {
      attempt = attemptOf(data);
      return attempt.kind === 'reply';
    },
    attempt: () => attempt,
  };
}

function attemptOf(data: string): Attempt {
  const raw = readJson(data);
  const usage = Billed.safeParse(raw).data?.usage;
  const tokens = usage === undefined ? null : usageOf(usage);
  const parsed = Completion.safeParse(raw);
  if (parsed.success && tokens !== null) return replyOf(parsed.data, tokens);
  const error = Refusal.safeParse(raw).data?.error;
  return failed(error === undefined ? 'invalid_reply' : saidReason(error), tokens);
}

function usageOf(usage: z.infer<typeof Usage>): Tokens {
  const { cached_tokens, cache_write_tokens } = usage.prompt_tokens_details ?? {};
  const counts = { input: usage.prompt_tokens, output: usage.completion_tokens };
  return openaiTokens({ ...counts, cached: cached_tokens, written: cache_write_tokens });
}

function replyOf({ choices }: z.infer<typeof Completion>, tokens: Tokens): Attempt {
  const [{ message, finish_reason }] = choices;
  return replyAttempt({
    texts: [message.content ?? ''],
    calls: (message.tool_calls ?? []).map(({ id, function: { name, arguments: text } }) => ({
      id,
      tool: name,
      args: argsOf(text),
    })),
    isRefused: finish_reason === 'content_filter' || typeof message.refusal === 'string',
    isCut: finish_reason === 'length',
    tokens,
  });
}
