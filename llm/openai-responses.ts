import type {
  FunctionTool,
  ResponseCreateParamsStreaming,
  ResponseInputItem,
} from 'openai/resources/responses/responses';
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

type Params = ResponseCreateParamsStreaming;

/**
 * The Responses API, without anything kept at the provider: each request holds the whole transcript, and no ids of the
 * provider's own items, which it would look for in its store.
 */
export const responsesWire: Wire = {
  head: (head, tools) => {
    const start: Pick<Params, 'instructions' | 'tools'> = { instructions: head, tools: tools.map(toolOf) };
    return `${JSON.stringify(start).slice(0, -1)},"input":[`;
  },
  piece: (item) => ({
    group: 'input',
    json: itemsOf(item)
      .map((one) => JSON.stringify(one))
      .join(','),
  }),
  open: () => '',
  close: '',
  tail: ({ model, maxOutputTokens, mustCall, tools }, cacheKey) => {
    const rest: Omit<Params, 'input'> = {
      model,
      max_output_tokens: maxOutputTokens,
      stream: true,
      store: false,
      parallel_tool_calls: true,
      prompt_cache_key: cacheKey,
      ...(tools.length === 0 ? {} : { tool_choice: mustCall ? 'required' : 'auto' }),
    };
    return `],${JSON.stringify(rest).slice(1)}`;
  },
};

function toolOf(tool: ToolSpec): FunctionTool {
  const { name, description } = tool;
  const parameters = { ...toolSchemaFor('openai', tool) };
  return { type: 'function', name, description, parameters, strict: true };
}

function itemsOf(item: Item): ResponseInputItem[] {
  switch (item.kind) {
    case 'input':
      return [{ role: 'user', content: labelledInput(item) }];
    case 'reply': {
      const said: ResponseInputItem[] =
        item.text.trim() === '' ? [] : [{ role: 'assistant', content: item.text }];
      const calls = item.calls.map(
        ({ id, tool, args }): ResponseInputItem => ({
          type: 'function_call',
          call_id: wireId(id),
          name: wireName(tool),
          arguments: JSON.stringify(argsObject(args)),
        }),
      );
      return [...said, ...calls];
    }
    case 'result':
      return [{ type: 'function_call_output', call_id: wireId(item.id), output: labelledResult(item) }];
  }
}

const Count = z.number().int().nonnegative();
const Usage = z.object({
  input_tokens: Count,
  input_tokens_details: z
    .object({ cached_tokens: Count.nullish(), cache_write_tokens: Count.nullish() })
    .nullish(),
  output_tokens: Count,
});
const Part = z.union([
  z.object({ type: z.literal('output_text'), text: z.string() }),
  z.object({ type: z.literal('refusal') }),
  z.object({ type: z.string() }).transform(() => ({ type: 'other' as const })),
]);
const Output = z.union([
  z.object({
    type: z.literal('function_call'),
    call_id: z.string(),
    name: z.string(),
    arguments: z.string(),
  }),
  z.object({ type: z.literal('message'), content: z.array(Part) }),
  // Reasoning, searches, and what later versions bring: paid for, but nothing to act on.
  z
    .object({ type: z.string().refine((type) => type !== 'function_call' && type !== 'message') })
    .transform(() => ({ type: 'other' as const })),
]);
const Whole = z.object({
  output: z.array(Output),
  incomplete_details: z.object({ reason: z.string().nullish() }).nullish(),
  error: Said.nullish(),
  usage: Usage.nullish(),
});

/** Only the last event is read: it holds the whole answer. */
const Event = z.discriminatedUnion('type', [
  z.object({
    type: z.enum(['response.completed', 'response.incomplete', 'response.failed']),
    response: Whole,
  }),
  Said.extend({ type: z.literal('error'), error: Said.nullish() }),
]);
/** What it cost, read apart: an answer of an odd shape is paid for as well. */
const Billed = z.object({ response: z.object({ usage: Usage }) });
/** Most events are pieces of what the last one repeats; they are told by their first bytes and not parsed. */
const PIECE = /^\{"type":"response\.[a-z_.]+\.(?:delta|added)"/;
const Typed = z.object({ type: z.string() });
const KNOWN: ReadonlySet<string> = new Set([
  'response.completed',
  'response.incomplete',
  'response.failed',
  'error',
]);

/** Takes the answer out of the event that ends a streamed response. Without one there is no reply. */
export function createResponseReader(): ReplyReader {
  let attempt: Attempt = failed('unavailable');
  return {
    accepts: 'text/event-stream',
    push: (data) => {
      if (PIECE.test(data)) return true;
      const event = eventOf(data);
      if (event === 'other') return true;
      attempt = 'tokens' in event ? failed('invalid_reply', event.tokens) : attemptOf(event);
      return attempt.kind === 'reply';
    },
    attempt: () => attempt,
  };
}

function eventOf(data: string): z.infer<typeof Event> | 'other' | { readonly tokens: Tokens | null } {
  // What chat servers end a stream with; harmless here.
  if (data === '[DONE]') return 'other';
  const raw = readJson(data);
  if (raw === undefined) return { tokens: null };
  const type = Typed.safeParse(raw).data?.type;
  if (type !== undefined && !KNOWN.has(type)) return 'other';
  return Event.safeParse(raw).data ?? { tokens: usageOf(Billed.safeParse(raw).data?.response.usage) };
}

function attemptOf(event: z.infer<typeof Event>): Attempt {
  if (event.type === 'error') {
    const { code, message } = event;
    return failed(saidReason(event.error ?? { code, message }));
  }
  const { response, type } = event;
  const tokens = usageOf(response.usage);
  if (type === 'response.failed') return failed(saidReason(response.error ?? {}), tokens);
  if (tokens === null) return failed('invalid_reply');
  return replyOf(response, type === 'response.incomplete', tokens);
}

function usageOf(usage: z.infer<typeof Usage> | null | undefined): Tokens | null {
  if (usage === null || usage === undefined) return null;
  const { input_tokens, output_tokens, input_tokens_details: details } = usage;
  const { cached_tokens, cache_write_tokens } = details ?? {};
  return openaiTokens({
    input: input_tokens,
    cached: cached_tokens,
    written: cache_write_tokens,
    output: output_tokens,
  });
}

function replyOf(
  { output, incomplete_details: cut }: z.infer<typeof Whole>,
  isIncomplete: boolean,
  tokens: Tokens,
): Attempt {
  const parts = output.flatMap((one) => (one.type === 'message' ? one.content : []));
  return replyAttempt({
    texts: parts.flatMap((part) => (part.type === 'output_text' ? [part.text] : [])),
    calls: output.flatMap((one) =>
      one.type === 'function_call' ? [{ id: one.call_id, tool: one.name, args: argsOf(one.arguments) }] : [],
    ),
    isRefused: parts.some((part) => part.type === 'refusal') || cut?.reason === 'content_filter',
    isCut: isIncomplete,
    tokens,
  });
}
