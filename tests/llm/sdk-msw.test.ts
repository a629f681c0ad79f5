import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Transport } from '#llm/transport.ts';
import { ask } from './a-request.ts';
import { vendors } from './vendors.ts';

// msw sees the built-in fetch but not our transport, so the SDKs get the former here. Answers are whole: aborting one that
// msw still streams ends the process.
const server = setupServer();
// Looked up at each call: msw replaces it.
const builtIn: Transport = { fetch: (input, init) => fetch(input, init), close: async () => {} };
beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

// Of this machine, because the tests' own guard lets no connection leave it, mocked or not; nothing listens there.
const HOST = 'http://127.0.0.1:4010';
const usage = { input_tokens: 9, output_tokens: 4 };
const events = (list: readonly object[]) =>
  new HttpResponse(list.map((one) => `data: ${JSON.stringify(one)}\n\n`).join(''), {
    headers: { 'content-type': 'text/event-stream' },
  });

const call = { name: 'report', arguments: '{"done":true}' };
const answers = {
  anthropic: {
    path: `${HOST}/v1/messages`,
    good: () =>
      events([
        { type: 'message_start', message: { usage } },
        {
          type: 'content_block_start',
          index: 0,
          content_block: { type: 'tool_use', id: 'c1', name: 'report', input: {} },
        },
        {
          type: 'content_block_delta',
          index: 0,
          delta: { type: 'input_json_delta', partial_json: call.arguments },
        },
        { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage },
        { type: 'message_stop' },
      ]),
  },
  responses: {
    path: `${HOST}/v1/responses`,
    good: () =>
      events([
        {
          type: 'response.completed',
          response: { output: [{ type: 'function_call', call_id: 'c1', ...call }], usage },
        },
      ]),
  },
  chat: {
    path: `${HOST}/v1/chat/completions`,
    good: () =>
      HttpResponse.json({
        choices: [
          {
            finish_reason: 'tool_calls',
            message: { content: null, tool_calls: [{ id: 'c1', type: 'function', function: call }] },
          },
        ],
        usage: { prompt_tokens: 9, completion_tokens: 4 },
      }),
  },
} as const;

describe.each(vendors)('the SDK behind $api, over the built-in fetch', ({ api, create }) => {
  const { path, good } = answers[api];
  const provider = create(HOST, builtIn);

  test('asks the one address with the key, and gives the call', async () => {
    const asked: Request[] = [];
    server.use(
      http.post(path, ({ request }) => {
        asked.push(request.clone());
        return good();
      }),
    );
    expect(await ask(provider)).toMatchObject({
      kind: 'reply',
      calls: [{ id: 'c1', tool: 'report', args: { done: true } }],
      tokens: { input: 9, cacheRead: 0, cacheWrite: 0, output: 4 },
    });
    expect(asked).toHaveLength(1);
    expect(asked[0]?.headers.get('authorization')).toBe('Bearer sk-test-0123456789');
    expect(await asked[0]?.json()).toMatchObject({ model: 'model-a' });
  });

  test.each([
    [429, 'rate_limited'],
    [500, 'unavailable'],
    [529, 'overloaded'],
    [401, 'auth'],
    [409, 'unavailable'],
  ])('never tries again by itself after %d', async (status, reason) => {
    let asked = 0;
    server.use(
      http.post(path, () => {
        asked += 1;
        return HttpResponse.json({ error: { message: 'no' } }, { status, headers: { 'retry-after': '1' } });
      }),
    );
    expect(await ask(provider)).toMatchObject({ kind: 'failed', reason, status, retryAfterMs: 1000 });
    expect(asked).toBe(1);
  });

  test('a stop while the provider is silent ends the attempt', async () => {
    const arrived = Promise.withResolvers<void>();
    const never = Promise.withResolvers<Response>();
    server.use(
      http.post(path, () => {
        arrived.resolve();
        return never.promise;
      }),
    );
    const stop = new AbortController();
    const attempt = ask(provider, {}, stop.signal);
    await arrived.promise;
    stop.abort();
    expect(await attempt).toMatchObject({ kind: 'failed', reason: 'aborted' });
    never.resolve(good());
  });

  test('a broken network is a failure, not an error', async () => {
    server.use(http.post(path, () => HttpResponse.error()));
    expect(await ask(provider)).toMatchObject({ kind: 'failed', reason: 'unavailable', status: null });
  });
});
