import { z } from 'zod';
import type { JsonValue } from '#core/canonical.ts';
import {
  argsOf,
  type Dialect,
  type Heard,
  invalid,
  type Outgoing,
  type Received,
  type Refused,
} from './asked.ts';
import { badShape, pairingProblem, schemaProblem, strictRules, TOOL_NAME } from './checks.ts';
import { bearer, openaiError } from './openai-common.ts';
import { responseFrames } from './responses-stream.ts';

// Responses API: what the vendor documents and the SDK's types say, as far as Firebreak may use it.

const InputText = z.strictObject({ type: z.literal('input_text'), text: z.string() });
const OutputText = z.strictObject({
  type: z.literal('output_text'),
  text: z.string(),
  annotations: z.array(z.json()).optional(),
});
const Item = z.union([
  z.strictObject({
    type: z.literal('message').optional(),
    role: z.enum(['user', 'system', 'developer']),
    content: z.union([z.string(), z.array(InputText).min(1)]),
  }),
  z.strictObject({
    type: z.literal('message').optional(),
    id: z.string().optional(),
    status: z.enum(['in_progress', 'completed', 'incomplete']).optional(),
    role: z.literal('assistant'),
    content: z.union([z.string(), z.array(OutputText).min(1)]),
  }),
  z.strictObject({
    type: z.literal('function_call'),
    id: z.string().optional(),
    call_id: z.string().min(1).max(64),
    name: z.string(),
    arguments: z.string(),
    status: z.enum(['in_progress', 'completed', 'incomplete']).optional(),
  }),
  z.strictObject({
    type: z.literal('function_call_output'),
    call_id: z.string().min(1).max(64),
    output: z.union([z.string(), z.array(InputText)]),
  }),
]);
type Item = z.infer<typeof Item>;

const Request = z.strictObject({
  model: z.string().min(1),
  instructions: z.string().nullable().optional(),
  input: z.union([z.string(), z.array(Item)]),
  tools: z
    .array(
      z.strictObject({
        type: z.literal('function'),
        name: z.string().regex(TOOL_NAME),
        description: z.string().nullable().optional(),
        parameters: z.looseObject({ type: z.literal('object') }),
        strict: z.boolean().nullable().optional(),
      }),
    )
    .optional(),
  tool_choice: z.enum(['auto', 'required', 'none']).optional(),
  parallel_tool_calls: z.boolean().optional(),
  max_output_tokens: z.int().min(16).nullable().optional(),
  stream: z.boolean().nullable().optional(),
  stream_options: z.strictObject({ include_obfuscation: z.boolean().optional() }).optional(),
  store: z.boolean().nullable().optional(),
  prompt_cache_key: z.string().max(1024).optional(),
  prompt_cache_retention: z.enum(['in_memory', '24h']).nullable().optional(),
  include: z.array(z.string()).nullable().optional(),
  reasoning: z.looseObject({}).nullable().optional(),
  truncation: z.enum(['auto', 'disabled']).nullable().optional(),
  temperature: z.number().min(0).max(2).nullable().optional(),
  safety_identifier: z.string().optional(),
});
type Request = z.infer<typeof Request>;

export const responses: Dialect = {
  name: 'responses',
  path: '/v1/responses',
  cache: 'automatic',
  key: bearer,
  callId: (reply, call) => `call_${reply}_${call}`,
  read: (body) => {
    const parsed = Request.safeParse(body);
    return parsed.success ? readRequest(parsed.data) : badShape(parsed.error);
  },
  whole: (out) => response(out, statusOf(out)),
  frames: (out) => {
    const status = statusOf(out);
    const parts = {
      begun: response(out, 'in_progress'),
      ended: response(out, status),
      output: outputOf(out),
    };
    return responseFrames(out, { status, ...parts });
  },
  error: openaiError,
};

function readRequest(request: Request): Received | Refused {
  const tools = request.tools ?? [];
  for (const { name, strict, parameters } of tools) {
    const problem =
      strict === false ? undefined : schemaProblem(z.json().parse(parameters), strictRules.openai);
    if (problem !== undefined) return invalid(`Invalid schema for function '${name}': ${problem}`);
  }
  const { model, instructions, input } = request;
  const items: readonly Item[] = typeof input === 'string' ? [{ role: 'user', content: input }] : input;
  const heard = heardOf(items);
  const asked = {
    ...{ model, heard, head: instructions ?? '', mustCall: request.tool_choice === 'required' },
    tools: tools.map(({ name, parameters }) => ({ name, schema: z.json().parse(parameters) })),
  };
  const pieces = [...tools, { instructions }, ...items].map((part) => ({
    text: JSON.stringify(part),
    cached: false,
  }));
  const maxOutput = request.max_output_tokens ?? null;
  return (
    pairingProblem(heard) ?? { asked, pieces, stream: request.stream === true, maxOutput, tellUsage: true }
  );
}

/** Calls that follow each other, and the words before them, are one turn of the assistant. */
function heardOf(items: readonly Item[]): Heard[] {
  const heard: Heard[] = [];
  for (const item of items) {
    const last = heard.at(-1);
    if (item.type === 'function_call') {
      const call = { id: item.call_id, tool: item.name, args: argsOf(item.arguments) };
      const joins = last?.kind === 'assistant';
      if (joins) heard.pop();
      heard.push({
        kind: 'assistant',
        text: joins ? last.text : '',
        calls: [...(joins ? last.calls : []), call],
      });
    } else if (item.type === 'function_call_output') {
      heard.push({ kind: 'result', id: item.call_id, text: textOf(item.output) });
    } else if (item.role === 'assistant') {
      heard.push({ kind: 'assistant', text: textOf(item.content), calls: [] });
    } else {
      heard.push({ kind: 'user', text: textOf(item.content) });
    }
  }
  return heard;
}

function textOf(content: string | readonly { text: string }[]): string {
  return typeof content === 'string' ? content : content.map((part) => part.text).join('\n');
}

function statusOf({ said }: Outgoing): 'completed' | 'incomplete' {
  return said.stop === 'length' ? 'incomplete' : 'completed';
}

function response(
  out: Outgoing,
  status: 'completed' | 'incomplete' | 'in_progress',
): { [key: string]: JsonValue } {
  const ended = status !== 'in_progress';
  return {
    ...{ id: `resp_${out.id}`, object: 'response', created_at: 0, status, model: out.model, error: null },
    incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    ...{
      instructions: null,
      metadata: {},
      parallel_tool_calls: true,
      temperature: 1,
      top_p: 1,
      tool_choice: 'auto',
    },
    ...{ tools: [], store: false, output: ended ? outputOf(out) : [], usage: ended ? usageOf(out) : null },
  };
}

function outputOf(out: Outgoing): JsonValue[] {
  const { id, said } = out;
  const refusal = { type: 'refusal', refusal: 'I cannot help with that.' };
  const part =
    said.stop === 'refusal'
      ? refusal
      : { type: 'output_text', text: said.text, annotations: [], logprobs: [] };
  const hasMessage = said.text !== '' || said.stop === 'refusal';
  const message = {
    type: 'message',
    id: `msg_${id}`,
    role: 'assistant',
    status: statusOf(out),
    content: [part],
  };
  const calls = said.calls.map(({ id: call, tool, args }, at) => ({
    ...{
      type: 'function_call',
      id: `fc_${id}_${at}`,
      call_id: call,
      name: tool,
      arguments: args,
      status: 'completed',
    },
  }));
  return [...(hasMessage ? [message] : []), ...calls];
}

function usageOf({ tokens }: Outgoing): JsonValue {
  const input = tokens.input + tokens.cacheRead + tokens.cacheWrite;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: tokens.cacheRead },
    output_tokens: tokens.output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + tokens.output,
  };
}
