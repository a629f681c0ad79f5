import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failureOf, retryAfterMs } from '#llm/failure.ts';
import { readEvents } from '#llm/server-events.ts';
import { ask } from './a-request.ts';
import { vendors } from './vendors.ts';

const say = (body: string, type: string, status = 200, headers = {}) => ({
  fetch: async () => new Response(body, { status, headers: { 'content-type': type, ...headers } }),
  close: async () => {},
});
const url = 'http://127.0.0.1:9';

const usage = { input_tokens: 10, output_tokens: 5 };
/** One good answer of each API, as a list of events or as one body. */
const good = {
  anthropic: [
    { type: 'message_start', message: { usage } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello.' } },
    {
      type: 'content_block_start',
      index: 1,
      content_block: { type: 'tool_use', id: 't1', name: 'report', input: {} },
    },
    { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"a":1}' } },
    { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage },
    { type: 'message_stop' },
  ],
  responses: [
    { type: 'response.created', response: {} },
    {
      type: 'response.completed',
      response: {
        output: [
          { type: 'reasoning', summary: [] },
          { type: 'message', content: [{ type: 'output_text', text: 'Hello.' }] },
          { type: 'function_call', call_id: 't1', name: 'report', arguments: '{"a":1}' },
        ],
        incomplete_details: null,
        error: null,
        usage,
      },
    },
  ],
  chat: [
    {
      choices: [
        {
          finish_reason: 'tool_calls',
          message: {
            content: 'Hello.',
            tool_calls: [{ id: 't1', type: 'function', function: { name: 'report', arguments: '{"a":1}' } }],
          },
        },
      ],
      usage: { prompt_tokens: 10, completion_tokens: 5 },
    },
  ],
} as const;

const events = (list: readonly unknown[]) => list.map((one) => `data: ${JSON.stringify(one)}\n\n`).join('');

describe.each(vendors)('$api', ({ api, create }) => {
  const isChat = api === 'chat';
  const type = isChat ? 'application/json' : 'text/event-stream; charset=utf-8';
  const wire = (list: readonly unknown[]) => (isChat ? JSON.stringify(list[0]) : events(list));
  const attempt = (body: string, status = 200) => ask(create(url, say(body, type, status)));

  test('the good answer, from which the bad ones are made, is a reply', async () => {
    expect(await attempt(wire(good[api]))).toEqual({
      kind: 'reply',
      text: 'Hello.',
      calls: [{ id: 't1', tool: 'report', args: { a: 1 } }],
      stop: 'tool_use',
      tokens: { input: 10, cacheRead: 0, cacheWrite: 0, output: 5 },
    });
  });

  test('any JSON in place of an answer is no reply, and nothing is thrown', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const one = await attempt(wire([value]));
        expect(one).toMatchObject({ kind: 'failed', reason: 'invalid_reply' });
      }),
    );
  });

  test('any text in place of an answer is no reply, and nothing is thrown', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        const one = await attempt(isChat ? text : `data: ${text}\n\n`);
        expect(one).toMatchObject({
          kind: 'failed',
          reason: expect.stringMatching(/invalid_reply|unavailable/),
        });
      }),
    );
  });

  test('an answer with anything put in place of a part of it never throws, and is paired when it is a reply', async () => {
    const paths = pathsOf(good[api]);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), fc.jsonValue(), async (path, value) => {
        const one = await attempt(wire(replaced(good[api], path, value)));
        if (one.kind === 'reply') expect(new Set(one.calls.map(({ id }) => id)).size).toBe(one.calls.length);
        else expect(['invalid_reply', 'unavailable', 'rejected']).toContain(one.reason);
      }),
      { numRuns: 300 },
    );
  });

  test('any error answer is a failure with its status', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 300, max: 599 }),
        fc.oneof(fc.string(), fc.json()),
        async (status, body) => {
          // A response of these cannot be made with a body.
          fc.pre(status !== 304);
          expect(await attempt(body, status)).toMatchObject({ kind: 'failed', status });
        },
      ),
    );
  });

  test('arguments that nest too deeply, repeat a key or reach for a prototype become null', async () => {
    for (const args of [
      '['.repeat(100) + ']'.repeat(100),
      '{"a":1,"a":2}',
      '{"__proto__":{}}',
      '{"a":"\\ud800"}',
    ]) {
      const text = wire(good[api]).replace('{\\"a\\":1}', JSON.stringify(args).slice(1, -1));
      expect(await attempt(text)).toMatchObject({ kind: 'reply', calls: [{ args: null }] });
    }
  });

  test('a refusal asks for nothing', async () => {
    const refusing = JSON.stringify(good[api])
      .replace('"stop_reason":"tool_use"', '"stop_reason":"refusal"')
      .replace('"finish_reason":"tool_calls"', '"finish_reason":"content_filter"')
      .replace('"incomplete_details":null', '"incomplete_details":{"reason":"content_filter"}');
    expect(await attempt(wire(JSON.parse(refusing)))).toMatchObject({ stop: 'refusal', calls: [] });
  });
});

test('an error inside a stream is the failure that it names', async () => {
  const [anthropic, responses] = vendors;
  const of = async (vendor: typeof anthropic, ...list: unknown[]) =>
    vendor && (await ask(vendor.create(url, say(events(list), 'text/event-stream'))));
  const start = good.anthropic[0];
  const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
  expect(await of(anthropic, start, error)).toMatchObject({ reason: 'overloaded', tokens: null });
  expect(await of(responses, { type: 'error', code: 'rate_limit_exceeded', message: 'slow' })).toMatchObject({
    reason: 'rate_limited',
  });
  const failed = { output: [], error: { code: 'server_error', message: 'x' }, usage };
  expect(await of(responses, { type: 'response.failed', response: failed })).toMatchObject({
    reason: 'unavailable',
    tokens: { input: 10 },
  });
});

test('a message that breaks off counts what its end said of it, never the one token of its beginning', async () => {
  const [anthropic] = vendors;
  const of = async (...list: unknown[]) =>
    anthropic && (await ask(anthropic.create(url, say(events(list), 'text/event-stream'))));
  const first = { ...good.anthropic[0], message: { usage: { input_tokens: 10, output_tokens: 1 } } };
  const parts = good.anthropic.slice(1, -2);
  const end = good.anthropic.slice(-2);
  const between = { type: 'message_delta', delta: { stop_reason: null }, usage: { output_tokens: 2 } };
  for (const sent of [[first], [first, ...parts], [first, ...parts, between]])
    expect(await of(...sent)).toMatchObject({ kind: 'failed', reason: 'unavailable', tokens: null });
  expect(await of(first, ...parts, end[0])).toMatchObject({
    kind: 'failed',
    tokens: { input: 10, output: 5 },
  });
  expect(await of(first, ...parts, end[1])).toMatchObject({ kind: 'failed', reason: 'invalid_reply' });
});

test('the name of an error says more than its text, which counts only where the request is blamed', async () => {
  const [anthropic] = vendors;
  const of = async (type: string, message: string) =>
    anthropic &&
    (await ask(
      anthropic.create(url, say(events([{ type: 'error', error: { type, message } }]), 'text/event-stream')),
    ));
  const took = 'Request took too long to process';
  expect(await of('timeout_error', took)).toMatchObject({ reason: 'timeout' });
  expect(await of('api_error', 'input too long')).toMatchObject({ reason: 'unavailable' });
  expect(await of('some_new_error', 'input too long')).toMatchObject({ reason: 'rejected' });
  expect(await of('invalid_request_error', took)).toMatchObject({ reason: 'rejected' });
  expect(await of('invalid_request_error', 'prompt is too long: 9')).toMatchObject({ reason: 'too_long' });
});

test('an answer of an odd shape costs what it says, and no more is guessed', async () => {
  const [, responses, chat] = vendors;
  const [choice] = good.chat[0].choices;
  const [, completed] = good.responses;
  const tokens = { input: 10, cacheRead: 0, cacheWrite: 0, output: 5 };
  const call = { id: 't1', type: 'function', function: { name: 'report', arguments: { a: 1 } } };
  const asObject = { ...choice, message: { content: null, tool_calls: [call] } };
  for (const choices of [[], [asObject]]) {
    const body = JSON.stringify({ ...good.chat[0], choices });
    expect(chat && (await ask(chat.create(url, say(body, 'application/json'))))).toMatchObject({
      reason: 'invalid_reply',
      tokens,
    });
  }
  const of = async (item: object) => {
    const output = [item, ...completed.response.output];
    const event = { ...completed, response: { ...completed.response, output } };
    return responses && (await ask(responses.create(url, say(events([event]), 'text/event-stream'))));
  };
  expect(await of({ type: 'web_search_call', id: 'w' })).toMatchObject({
    kind: 'reply',
    text: 'Hello.',
    tokens,
  });
  expect(await of({ type: 'function_call', call_id: 't', name: 'report', arguments: {} })).toMatchObject({
    ...{ reason: 'invalid_reply', tokens },
  });
});

test('server-sent events come out the same however the bytes are split', async () => {
  const body = Buffer.from('event: a\r\ndata: één\r\n\r\n: note\ndata:two\ndata: lines\n\ndata: cut');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(body.length), { maxLength: 8 }), async (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), body.length];
      const seen: string[] = [];
      const chunks = (async function* () {
        for (const [i, end] of at.slice(1).entries()) yield body.subarray(at[i], end);
      })();
      await readEvents(chunks, (data) => seen.push(data) > 0);
      expect(seen).toEqual(['één', 'two\nlines']);
    }),
  );
});

describe('how long to wait', () => {
  const date = 'Sat, 21 Nov 2026 07:00:00 GMT';
  test.each([
    [{ 'retry-after-ms': '1500' }, 1500],
    [{ 'retry-after-ms': '0.4', 'retry-after': '9' }, 1],
    [{ 'retry-after': '2' }, 2000],
    [{ 'retry-after': '1.5' }, 1500],
    [{ 'retry-after': 'Sat, 21 Nov 2026 07:00:07 GMT', date }, 7000],
    [{ 'retry-after': 'Sat, 21 Nov 2026 06:00:00 GMT', date }, 0],
    [{ 'retry-after': 'Sat, 21 Nov 2026 07:00:07 GMT' }, null],
    [{ 'retry-after': 'soon', date }, null],
    [{ 'retry-after': '-3' }, null],
    [{}, null],
  ])('%j is %s ms', (headers, ms) => {
    expect(retryAfterMs(new Headers(headers))).toBe(ms);
  });
});

describe('an error answer', () => {
  test.each([
    [429, { code: 'insufficient_quota' }, 'rejected'],
    [400, { error: { message: "This model's maximum context length is 4096 tokens." } }, 'too_long'],
    [413, {}, 'too_long'],
    [402, { error: { type: 'billing_error' } }, 'rejected'],
    [403, {}, 'auth'],
    [404, { error: { message: 'model "x" not found, try pulling it first' } }, 'unknown_model'],
    [404, { error: { type: 'not_found_error', message: 'model: claude-x' } }, 'unknown_model'],
    [404, { error: { type: 'not_found_error', message: 'Not Found' } }, 'rejected'],
    [404, { error: { message: 'Invalid URL (POST /v1/v1/responses)' } }, 'rejected'],
    [422, { error: { message: 'The model `x` does not exist' } }, 'unknown_model'],
    [302, {}, 'rejected'],
    [504, {}, 'unavailable'],
    [529, {}, 'overloaded'],
    [500, { error: { type: 'overloaded_error' } }, 'overloaded'],
  ])('%d with %j is %s', (status, error, reason) => {
    expect(failureOf({ status, headers: new Headers(), error }, false)).toMatchObject({ status, reason });
  });
});

function pathsOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (value === null || typeof value !== 'object') return [path];
  return [
    ...(path.length > 0 ? [path] : []),
    ...Object.entries(value).flatMap(([key, member]) => pathsOf(member, [...path, key])),
  ];
}

function replaced(root: readonly unknown[], path: readonly string[], value: unknown): unknown[] {
  const copy: unknown[] = structuredClone([...root]);
  let at: unknown = copy;
  for (const key of path.slice(0, -1)) at = Reflect.get(Object(at), key);
  Reflect.set(Object(at), path.at(-1) ?? '', value);
  return copy;
}
