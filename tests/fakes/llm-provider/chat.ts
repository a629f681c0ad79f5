import { z } from 'zod';
import type { JsonValue } from '#core/canonical.ts';
import {
  argsOf,
  type Dialect,
  type Frame,
  type Heard,
  invalid,
  type Outgoing,
  type Received,
  type Refused,
} from './asked.ts';
import { badShape, pairingProblem, schemaProblem, strictRules, TOOL_NAME } from './checks.ts';
import { bearer, openaiError } from './openai-common.ts';
import { inParts } from './parts.ts';

// Chat Completions, as the vendor and the many servers that speak it document it.

const content = z.union([
  z.string(),
  z.array(z.strictObject({ type: z.literal('text'), text: z.string() })).min(1),
]);
const Message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.enum(['system', 'developer', 'user']), content }),
  z.strictObject({
    role: z.literal('assistant'),
    content: content.nullable().optional(),
    tool_calls: z
      .array(
        z.strictObject({
          id: z.string(),
          type: z.literal('function'),
          function: z.strictObject({ name: z.string(), arguments: z.string() }),
        }),
      )
      .min(1)
      .optional(),
  }),
  z.strictObject({ role: z.literal('tool'), tool_call_id: z.string(), content }),
]);
type Message = z.infer<typeof Message>;

const Request = z.strictObject({
  model: z.string().min(1),
  messages: z.array(Message).min(1),
  tools: z
    .array(
      z.strictObject({
        type: z.literal('function'),
        function: z.strictObject({
          name: z.string().regex(TOOL_NAME),
          description: z.string().optional(),
          parameters: z.looseObject({ type: z.literal('object') }),
          strict: z.boolean().nullable().optional(),
        }),
      }),
    )
    .min(1)
    .optional(),
  tool_choice: z.enum(['auto', 'required', 'none']).optional(),
  parallel_tool_calls: z.boolean().optional(),
  max_tokens: z.int().min(1).nullable().optional(),
  max_completion_tokens: z.int().min(1).nullable().optional(),
  stream: z.boolean().nullable().optional(),
  stream_options: z.strictObject({ include_usage: z.boolean().optional() }).nullable().optional(),
  prompt_cache_key: z.string().optional(),
  store: z.boolean().nullable().optional(),
  temperature: z.number().min(0).max(2).nullable().optional(),
});
type Request = z.infer<typeof Request>;

export const chat: Dialect = {
  name: 'chat',
  path: '/v1/chat/completions',
  cache: 'automatic',
  key: bearer,
  callId: (reply, call) => `call_${reply}_${call}`,
  read: (body) => {
    const parsed = Request.safeParse(body);
    return parsed.success ? readRequest(parsed.data) : badShape(parsed.error);
  },
  whole: (out) => ({
    ...head(out, 'chat.completion'),
    choices: [{ index: 0, message: messageOf(out), logprobs: null, finish_reason: finishOf(out) }],
    usage: usageOf(out),
  }),
  frames: framesOf,
  error: openaiError,
};

/** OpenAI's own models that refuse the old name of the limit. */
const REASONING = /^(?:o\d|gpt-5)/;

function readRequest(request: Request): Received | Refused {
  const tools = (request.tools ?? []).map((tool) => tool.function);
  for (const { name, strict, parameters } of tools) {
    const problem =
      strict === true ? schemaProblem(z.json().parse(parameters), strictRules.openai) : undefined;
    if (problem !== undefined) return invalid(`Invalid schema for function '${name}': ${problem}`);
  }
  if (tools.length === 0 && request.tool_choice !== undefined)
    return invalid('tool_choice is only allowed with tools');
  if (typeof request.max_tokens === 'number' && REASONING.test(request.model))
    return invalid("Unsupported parameter: 'max_tokens' is not supported with this model.");
  const heard = request.messages.flatMap(heardOf);
  const system = request.messages.flatMap((one) =>
    one.role === 'system' || one.role === 'developer' ? [textOf(one.content)] : [],
  );
  const asked = {
    ...{ model: request.model, heard, head: system.join('\n'), mustCall: request.tool_choice === 'required' },
    tools: tools.map(({ name, parameters }) => ({ name, schema: z.json().parse(parameters) })),
  };
  const pieces = [...tools, ...request.messages].map((part) => ({
    text: JSON.stringify(part),
    cached: false,
  }));
  const maxOutput = request.max_completion_tokens ?? request.max_tokens ?? null;
  const tellUsage = request.stream_options?.include_usage === true;
  return pairingProblem(heard) ?? { asked, pieces, stream: request.stream === true, maxOutput, tellUsage };
}

function heardOf(message: Message): Heard[] {
  switch (message.role) {
    case 'user':
      return [{ kind: 'user', text: textOf(message.content) }];
    case 'assistant': {
      const calls = (message.tool_calls ?? []).map(({ id, function: { name, arguments: args } }) => ({
        ...{ id, tool: name, args: argsOf(args) },
      }));
      return [{ kind: 'assistant', text: textOf(message.content ?? ''), calls }];
    }
    case 'tool':
      return [{ kind: 'result', id: message.tool_call_id, text: textOf(message.content) }];
    case 'system':
    case 'developer':
      return [];
  }
}

function textOf(said: z.infer<typeof content>): string {
  return typeof said === 'string' ? said : said.map((part) => part.text).join('\n');
}

function head({ id, model }: Outgoing, object: string) {
  return { id: `chatcmpl-${id}`, object, created: 0, model, system_fingerprint: 'fp_fake' };
}

function toolCalls({ said }: Outgoing) {
  return said.calls.map(({ id, tool, args }) => ({
    id,
    type: 'function',
    function: { name: tool, arguments: args },
  }));
}

function messageOf(out: Outgoing): JsonValue {
  const { said } = out;
  const calls = toolCalls(out);
  return {
    role: 'assistant',
    content: said.text === '' ? null : said.text,
    refusal: said.stop === 'refusal' ? 'I cannot help with that.' : null,
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

function finishOf({ said }: Outgoing): string {
  return { tool_use: 'tool_calls', end: 'stop', length: 'length', refusal: 'content_filter' }[said.stop];
}

function usageOf({ tokens }: Outgoing): JsonValue {
  const input = tokens.input + tokens.cacheRead + tokens.cacheWrite;
  return {
    prompt_tokens: input,
    prompt_tokens_details: { cached_tokens: tokens.cacheRead },
    completion_tokens: tokens.output,
    total_tokens: input + tokens.output,
  };
}

function framesOf(out: Outgoing): Frame[] {
  const { said } = out;
  const base = { ...head(out, 'chat.completion.chunk'), ...(out.tellUsage && { usage: null }) };
  const chunk = (delta: JsonValue, finish: string | null = null): Frame => ({
    text: `data: ${JSON.stringify({ ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] })}\n\n`,
  });
  const calls = toolCalls(out).flatMap(({ function: { name, arguments: args }, ...rest }, index) => [
    chunk({ tool_calls: [{ index, ...rest, function: { name, arguments: '' } }] }),
    ...inParts(args).map((part) => chunk({ tool_calls: [{ index, function: { arguments: part } }] })),
  ]);
  const usage: Frame = {
    text: `data: ${JSON.stringify({ ...base, choices: [], usage: usageOf(out) })}\n\n`,
    told: out.tokens,
  };
  return [
    chunk({ role: 'assistant', content: '', refusal: null }),
    ...inParts(said.text).map((part) => chunk({ content: part })),
    ...(said.stop === 'refusal' ? [chunk({ refusal: 'I cannot help with that.' })] : []),
    ...calls,
    chunk({}, finishOf(out)),
    ...(out.tellUsage ? [usage] : []),
    { text: 'data: [DONE]\n\n' },
  ];
}
