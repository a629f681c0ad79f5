import { sha256 } from '#core/hash.ts';
import { redact } from '#core/redact.ts';
import { createMessageReader } from '#llm/anthropic-reply.ts';
import { argsOf } from '#llm/calls.ts';
import { CASSETTE_HEAD, cassetteLine, parseCassette } from '#llm/cassette.ts';
import type { ReplyReader } from '#llm/exchange.ts';
import { failureOf, retryAfterMs } from '#llm/failure.ts';
import { createCompletionReader } from '#llm/openai-chat.ts';
import { createResponseReader } from '#llm/openai-responses.ts';
import { readEvents } from '#llm/server-events.ts';
import { actTools } from '#tools/act/tools.ts';
import { readTools } from '#tools/read/tools.ts';
import { CANARY } from '../canary.ts';
import { bytesOf, jsonOrText, mustBeSame, type Ran, read, refused, type Target } from '../target.ts';

const usage = { input_tokens: 10, output_tokens: 5 };
const events = (all: readonly object[]) => all.map((one) => `data: ${JSON.stringify(one)}\n\n`).join('');
const args = '{"service":"service:checkout","level":"error"}';

const anthropic = [
  { type: 'message_start', message: { usage } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: `key ${CANARY}` } },
  {
    type: 'content_block_start',
    index: 1,
    content_block: { type: 'tool_use', id: 't1', name: 'logs_search', input: {} },
  },
  { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: args } },
  { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage },
  { type: 'message_stop' },
];
const responses = {
  type: 'response.completed',
  response: {
    output: [
      { type: 'reasoning', summary: [] },
      { type: 'message', content: [{ type: 'output_text', text: `key ${CANARY}` }] },
      { type: 'function_call', call_id: 't1', name: 'logs_search', arguments: args },
    ],
    ...{ incomplete_details: null, error: null, usage },
  },
};
const chat = {
  choices: [
    {
      finish_reason: 'tool_calls',
      message: {
        content: 'x',
        tool_calls: [{ id: 't1', function: { name: 'logs_search', arguments: args } }],
      },
    },
  ],
  usage: { prompt_tokens: 1, completion_tokens: 2 },
};

/** Whatever a provider streamed, in pieces as a network cuts it. */
async function streamed(input: string, reader: ReplyReader): Promise<Ran> {
  const bytes = bytesOf(input);
  const half = bytes.length >> 1;
  await readEvents(chunks([bytes.subarray(0, half), bytes.subarray(half)]), (data) => reader.push(data));
  return answered(reader);
}
async function* chunks(all: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* all;
}
function answered(reader: ReplyReader): Ran {
  const attempt = reader.attempt();
  return attempt.kind === 'reply' ? read(redact(attempt.text)) : refused(attempt.reason);
}

const entry = {
  asked: {
    model: sha256('m'),
    head: sha256('h'),
    tools: sha256('t'),
    limits: sha256('l'),
    items: [sha256('i')],
  },
  attempt: {
    ...{
      kind: 'reply' as const,
      text: 'x',
      calls: [{ id: 'a', tool: 'b', args: { c: [1] } }],
      stop: 'tool_use' as const,
    },
    tokens: { input: 1, cacheRead: 0, cacheWrite: 0, output: 2 },
  },
};
const known = [
  { service: 'service:checkout', level: 'error', minutes: 10 },
  { service: 'service:checkout', signal: 'error_ratio', at: 1_763_733_600_000 },
  { target: 'service:checkout' },
];

export const modelTargets: readonly Target[] = [
  {
    name: 'Anthropic stream',
    seeds: [events(anthropic)],
    run: (input) => streamed(input, createMessageReader()),
  },
  {
    name: 'OpenAI responses stream',
    seeds: [events([responses])],
    run: (input) => streamed(input, createResponseReader()),
  },
  {
    name: 'OpenAI chat completion',
    seeds: [JSON.stringify(chat)],
    run: (input) => {
      const reader = createCompletionReader();
      reader.push(input);
      return answered(reader);
    },
  },
  {
    name: 'tool call arguments',
    seeds: known.map((one) => JSON.stringify(one)),
    run: (input) => {
      const value = argsOf(input);
      const taken = [...readTools, ...actTools].filter(({ args: shape }) => shape.safeParse(value).success);
      return taken.length > 0 ? read() : refused();
    },
  },
  {
    name: 'refusal of a provider',
    seeds: [
      JSON.stringify({ error: { type: 'invalid_request_error', message: 'prompt is too long', code: 'x' } }),
    ],
    run: (input) => {
      const after = input
        .replace(/[^\x20-\x7e]/g, '')
        .trim()
        .slice(0, 200);
      const headers = new Headers({ 'retry-after': after, date: after });
      retryAfterMs(headers);
      const { reason } = failureOf({ status: 400, headers, error: jsonOrText(input) }, false);
      return reason === 'rejected' ? refused() : read(reason);
    },
  },
  {
    name: 'cassette',
    seeds: [CASSETTE_HEAD + cassetteLine(entry)],
    throws: ['json_invalid'],
    run: (input) => {
      const all = parseCassette(input);
      const again = CASSETTE_HEAD + all.map(cassetteLine).join('');
      mustBeSame(JSON.stringify(parseCassette(again)), JSON.stringify(all));
      return read();
    },
  },
];
