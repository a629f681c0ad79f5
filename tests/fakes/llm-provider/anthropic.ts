import { z } from 'zod';
import type { JsonValue } from '#core/canonical.ts';
import { type Block, MessagesRequest } from './anthropic-request.ts';
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
import { badShape, pairingProblem, schemaProblem, strictRules } from './checks.ts';
import { bearer } from './openai-common.ts';
import { inParts } from './parts.ts';

export const anthropic: Dialect = {
  name: 'anthropic',
  path: '/v1/messages',
  cache: 'marked',
  key: (headers) => [headers['x-api-key']].flat()[0] ?? bearer(headers),
  callId: (reply, call) => `toolu_${reply}_${call}`,
  read: (body, headers) => {
    if (headers['anthropic-version'] === undefined) return invalid('anthropic-version: header is required');
    const parsed = MessagesRequest.safeParse(body);
    return parsed.success ? readRequest(parsed.data) : badShape(parsed.error);
  },
  whole: (out) => message(out, { content: contentOf(out), usage: usageOf(out), stop: stopOf(out) }),
  frames: framesOf,
  error: ({ type, message: said }) => ({
    type: 'error',
    error: { type, message: said },
    request_id: 'req_fake',
  }),
};

function readRequest(request: MessagesRequest): Received | Refused {
  const tools = request.tools ?? [];
  for (const { name, strict, input_schema } of tools) {
    const schema = z.json().parse(input_schema);
    const problem = strict === true ? schemaProblem(schema, strictRules.anthropic) : undefined;
    if (problem !== undefined) return invalid(`tools.${name}: ${problem}`);
  }
  const blocks = request.messages.map(({ role, content }) => ({
    role,
    content: typeof content === 'string' ? [{ type: 'text', text: content } as const] : content,
  }));
  const misplaced = blocks.find(({ role, content }) => !isInPlace(role, content));
  if (misplaced !== undefined)
    return invalid(`messages: a block that a message of ${misplaced.role} cannot hold there`);
  if (blocks[0]?.role !== 'user') return invalid('messages: first message must use the user role');
  const heard = blocks.flatMap(({ role, content }) => heardOf(role, content));
  const pieces = piecesOf(
    request,
    blocks.flatMap(({ content }) => content),
  );
  if (pieces.filter(({ cached }) => cached).length > 4)
    return invalid('a maximum of 4 blocks with cache_control');
  const { model, tool_choice: choice } = request;
  if (choice !== undefined && choice.type !== 'auto' && tools.length === 0)
    return invalid('tool_choice without tools');
  const mustCall = choice?.type === 'any' || choice?.type === 'tool';
  const head = textOf(request.system ?? '');
  const asked = {
    ...{ model, head, heard, mustCall },
    tools: tools.map((tool) => ({ name: tool.name, schema: z.json().parse(tool.input_schema) })),
  };
  const received = {
    asked,
    pieces,
    stream: request.stream === true,
    maxOutput: request.max_tokens,
    tellUsage: true,
  };
  return pairingProblem(heard) ?? received;
}

/** Results stand first in a user's message and nowhere else; calls only in the assistant's. */
function isInPlace(role: string, content: readonly Block[]): boolean {
  if (role === 'assistant') return content.every(({ type }) => type !== 'tool_result');
  const firstText = content.findIndex(({ type }) => type === 'text');
  const lastResult = content.findLastIndex(({ type }) => type === 'tool_result');
  return content.every(({ type }) => type !== 'tool_use') && (firstText === -1 || lastResult < firstText);
}

function heardOf(role: 'user' | 'assistant', content: readonly Block[]): Heard[] {
  if (role === 'assistant') {
    const said = content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n');
    const calls = content.flatMap((block) =>
      block.type === 'tool_use'
        ? [{ id: block.id, tool: block.name, args: z.json().parse(block.input) }]
        : [],
    );
    return [{ kind: 'assistant', text: said, calls }];
  }
  return content.flatMap((block): Heard[] => {
    if (block.type === 'text') return [{ kind: 'user', text: block.text }];
    if (block.type === 'tool_result')
      return [{ kind: 'result', id: block.tool_use_id, text: textOf(block.content ?? '') }];
    return [];
  });
}

function piecesOf(request: MessagesRequest, blocks: readonly Block[]): Received['pieces'] {
  const { tools = [], system = [], cache_control: whole } = request;
  const parts = [...tools, ...(typeof system === 'string' ? [{ text: system }] : system), ...blocks];
  return parts.map((part, at) => {
    const { cache_control: mark, ...rest } = { cache_control: undefined, ...part };
    return {
      text: JSON.stringify(rest),
      cached: mark !== undefined || (whole !== undefined && at === parts.length - 1),
    };
  });
}

function textOf(content: string | readonly { text: string }[]): string {
  return typeof content === 'string' ? content : content.map((block) => block.text).join('\n');
}

type Parts = { content: JsonValue; usage: JsonValue; stop: string | null };

function message({ id, model }: Outgoing, { content, usage, stop }: Parts): JsonValue {
  return {
    ...{ id: `msg_${id}`, type: 'message', role: 'assistant', model, content, stop_reason: stop },
    ...{ stop_sequence: null, stop_details: null, container: null, diagnostics: null, usage },
  };
}

function contentOf({ said }: Outgoing): JsonValue[] {
  const calls = said.calls.map(({ id, tool, args }) => ({
    type: 'tool_use',
    id,
    name: tool,
    input: argsOf(args) ?? args,
  }));
  return [...(said.text === '' ? [] : [{ type: 'text', text: said.text, citations: null }]), ...calls];
}

function stopOf({ said }: Outgoing): string {
  return { tool_use: 'tool_use', end: 'end_turn', length: 'max_tokens', refusal: 'refusal' }[said.stop];
}

function usageOf({ tokens }: Outgoing, output = tokens.output) {
  return {
    input_tokens: tokens.input,
    cache_read_input_tokens: tokens.cacheRead,
    cache_creation_input_tokens: tokens.cacheWrite,
    cache_creation: { ephemeral_5m_input_tokens: tokens.cacheWrite, ephemeral_1h_input_tokens: 0 },
    output_tokens: output,
    service_tier: 'standard',
    server_tool_use: null,
  };
}

function framesOf(out: Outgoing): Frame[] {
  const event = (type: string, body: { [key: string]: JsonValue }): Frame => ({
    text: `event: ${type}\ndata: ${JSON.stringify({ type, ...body })}\n\n`,
  });
  const start = message(out, { content: [], usage: usageOf(out, 1), stop: null });
  const { said, tokens } = out;
  const texts =
    said.text === '' ? [] : [{ block: { type: 'text', text: '' }, delta: 'text', whole: said.text }];
  const calls = said.calls.map(({ id, tool, args }) => ({
    ...{ block: { type: 'tool_use', id, name: tool, input: {} }, delta: 'partial_json', whole: args },
  }));
  const blocks = [...texts, ...calls].flatMap(({ block, delta, whole }, index) => [
    event('content_block_start', { index, content_block: block }),
    ...inParts(whole).map((part) =>
      event('content_block_delta', {
        index,
        delta: { type: delta === 'text' ? 'text_delta' : 'input_json_delta', [delta]: part },
      }),
    ),
    event('content_block_stop', { index }),
  ]);
  const delta = { stop_reason: stopOf(out), stop_sequence: null };
  return [
    event('message_start', { message: start }),
    event('ping', {}),
    ...blocks,
    { ...event('message_delta', { delta, usage: usageOf(out) }), told: tokens },
    event('message_stop', {}),
  ];
}
