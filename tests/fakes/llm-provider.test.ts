import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterEach, describe, expect, test } from 'vitest';
import type { Tokens } from '#llm/provider.ts';
import type { Brain } from './llm-provider/asked.ts';
import type { Fault } from './llm-provider/faults.ts';
import { type FakeProvider, type FakeProviderOptions, startFakeProvider } from './llm-provider/provider.ts';

let open: FakeProvider[] = [];
afterEach(async () => {
  await Promise.all(open.map((one) => one.close()));
  open = [];
});

const looks: Brain = () => ({
  text: 'Looking, "quoted" \n and é.',
  calls: [
    { tool: 'look', args: { service: 'service:checkout', n: 3 } },
    { tool: 'look', args: { service: 'service:gateway', n: 0 } },
  ],
});

async function fake(over: Partial<FakeProviderOptions> = {}): Promise<FakeProvider> {
  const provider = await startFakeProvider({ seed: 1, brain: looks, ...over });
  open.push(provider);
  return provider;
}

const schema = {
  type: 'object' as const,
  properties: { service: { type: 'string' }, n: { type: 'integer' } },
  required: ['service', 'n'],
  additionalProperties: false,
};
type Heard = { text: string; calls: unknown[]; stop: string | null; tokens: Tokens };
type Client = (
  provider: FakeProvider,
  options?: { stream?: boolean; prompt?: string; strict?: boolean },
) => Promise<Heard>;

const messages: Client = async (provider, { stream = false, prompt = 'hello', strict = true } = {}) => {
  const client = new Anthropic({ apiKey: 'key', baseURL: provider.url, maxRetries: 0, logLevel: 'off' });
  const body = {
    model: 'claude',
    max_tokens: 1000,
    system: [{ type: 'text' as const, text: 'You look.', cache_control: { type: 'ephemeral' as const } }],
    tools: [{ name: 'look', input_schema: schema, strict }],
    messages: [{ role: 'user' as const, content: prompt }],
  };
  const reply = stream
    ? await client.messages.stream(body).finalMessage()
    : await client.messages.create({ ...body, stream: false });
  const { usage } = reply;
  return {
    text: reply.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join(''),
    calls: reply.content.flatMap((block) =>
      block.type === 'tool_use' ? [{ id: block.id, args: block.input }] : [],
    ),
    stop: reply.stop_reason,
    tokens: {
      input: usage.input_tokens,
      cacheRead: usage.cache_read_input_tokens ?? 0,
      cacheWrite: usage.cache_creation_input_tokens ?? 0,
      output: usage.output_tokens,
    },
  };
};

const responses: Client = async (provider, { stream = false, prompt = 'hello', strict = true } = {}) => {
  const client = new OpenAI({ apiKey: 'key', baseURL: `${provider.url}/v1`, maxRetries: 0, logLevel: 'off' });
  const body = {
    model: 'gpt',
    instructions: 'You look.',
    input: [{ role: 'user' as const, content: prompt }],
    tools: [{ type: 'function' as const, name: 'look', parameters: schema, strict }],
    store: false,
  };
  const reply = stream
    ? await client.responses.stream(body).finalResponse()
    : await client.responses.create({ ...body, stream: false });
  const read = reply.usage?.input_tokens_details.cached_tokens ?? 0;
  const calls = reply.output.flatMap((item) => (item.type === 'function_call' ? [item] : []));
  return {
    text: reply.output_text,
    calls: calls.map((item) => ({ id: item.call_id, args: JSON.parse(item.arguments) })),
    stop: reply.status ?? null,
    tokens: {
      input: (reply.usage?.input_tokens ?? 0) - read,
      cacheRead: read,
      cacheWrite: 0,
      output: reply.usage?.output_tokens ?? 0,
    },
  };
};

const chat: Client = async (provider, { stream = false, prompt = 'hello', strict = true } = {}) => {
  const client = new OpenAI({ apiKey: 'key', baseURL: `${provider.url}/v1`, maxRetries: 0, logLevel: 'off' });
  const body = {
    model: 'llama',
    messages: [
      { role: 'system' as const, content: 'You look.' },
      { role: 'user' as const, content: prompt },
    ],
    tools: [{ type: 'function' as const, function: { name: 'look', parameters: schema, strict } }],
  };
  const reply = stream
    ? await client.chat.completions
        .stream({ ...body, stream_options: { include_usage: true } })
        .finalChatCompletion()
    : await client.chat.completions.create({ ...body, stream: false });
  const [choice] = reply.choices;
  const read = reply.usage?.prompt_tokens_details?.cached_tokens ?? 0;
  const calls = (choice?.message.tool_calls ?? []).flatMap((call) =>
    call.type === 'function' ? [call] : [],
  );
  return {
    text: choice?.message.content ?? '',
    calls: calls.map((call) => ({ id: call.id, args: JSON.parse(call.function.arguments) })),
    stop: choice?.finish_reason ?? null,
    tokens: {
      input: (reply.usage?.prompt_tokens ?? 0) - read,
      cacheRead: read,
      cacheWrite: 0,
      output: reply.usage?.completion_tokens ?? 0,
    },
  };
};

const clients = { messages, responses, chat };
const each = Object.entries(clients).flatMap(([name, client]) =>
  [false, true].map((stream) => ({ name, stream, client })),
);

describe.each(each)('$name, stream $stream', ({ client, stream }) => {
  test("the vendor's own client reads text, calls and usage, and the books say the same", async () => {
    const provider = await fake();
    const heard = await client(provider, { stream });
    expect(heard.text).toBe('Looking, "quoted" \n and é.');
    expect(heard.calls).toMatchObject([
      { args: { service: 'service:checkout', n: 3 } },
      { args: { service: 'service:gateway', n: 0 } },
    ]);
    expect(new Set(heard.calls.map((call) => JSON.stringify(call))).size).toBe(2);
    expect(['tool_use', 'completed', 'tool_calls']).toContain(heard.stop);
    expect(provider.billed()).toMatchObject([{ request: 1, tokens: heard.tokens, told: heard.tokens }]);
    expect(heard.tokens.input).toBeGreaterThan(0);
  });

  test('a prompt that was sent before is read from the cache and billed so', async () => {
    const provider = await fake();
    const prompt = 'long '.repeat(1500);
    const [first, second] = [
      await client(provider, { stream, prompt }),
      await client(provider, { stream, prompt }),
    ];
    expect(first.tokens.cacheRead).toBe(0);
    expect(provider.billed().map(({ tokens }) => tokens)).toEqual([first.tokens, second.tokens]);
    const all = ({ input, cacheRead, cacheWrite }: Tokens) => input + cacheRead + cacheWrite;
    expect(all(second.tokens)).toBe(all(first.tokens));
    // The test marks only its short head for Anthropic, and a short prefix is never cached.
    if (client === messages) expect(second.tokens.cacheRead).toBe(0);
    else expect(second.tokens.cacheRead).toBeGreaterThan(1000);
  });

  const errors: [Fault, number][] = [
    [{ kind: 'rate_limited', retryAfterMs: 2000, header: 'retry-after' }, 429],
    [{ kind: 'server_error' }, 500],
    [{ kind: 'auth' }, 401],
    [{ kind: 'unknown_model' }, 404],
    [{ kind: 'too_long' }, 400],
  ];
  test.each(errors)('%j is an error of that status and costs nothing', async (fault, status) => {
    const provider = await fake({ faults: { kind: 'all', fault } });
    await expect(client(provider, { stream })).rejects.toMatchObject({ status });
    expect(provider.billed()).toEqual([]);
    expect(provider.seen()).toMatchObject([{ status, fault: fault.kind }]);
  });

  const breaks: Fault[] = [{ kind: 'cut', after: 0 }, { kind: 'cut', after: 0.5 }, { kind: 'malformed' }];
  test.each(breaks)('%j breaks the reply, which is billed all the same', async (fault) => {
    const provider = await fake({ faults: { kind: 'first', faults: [fault] } });
    await expect(client(provider, { stream })).rejects.toThrow();
    const [bill] = provider.billed();
    expect(bill?.tokens.input).toBeGreaterThan(0);
    expect(bill?.told).toBeNull();
    expect((await client(provider, { stream })).calls).toHaveLength(2);
  });

  // What the SDKs' own collectors of streams do not take; whoever reads the events sees an answer there too.
  const uncollected = [
    [chat, 'refusal', /content filter/],
    [chat, 'length', /length limit/],
    [responses, 'duplicate_ids', /duplicate/],
  ] as const;
  test.each([
    ['refusal', 0],
    ['length', 0],
    ['empty', 0],
    ['unknown_tool', 1],
    ['duplicate_ids', 3],
  ] as const)('%s is an answer with %i calls, and billed', async (kind, calls) => {
    const provider = await fake({ faults: { kind: 'all', fault: { kind } } });
    const refusal = uncollected.find(([which, what]) => stream && which === client && what === kind);
    if (refusal !== undefined) {
      await expect(client(provider, { stream })).rejects.toThrow(refusal[2]);
      expect(provider.billed()).toHaveLength(1);
      return;
    }
    const heard = await client(provider, { stream });
    expect(heard.calls).toHaveLength(calls);
    expect(provider.billed()).toMatchObject([{ tokens: heard.tokens }]);
  });
});

test.each(Object.entries(clients))(
  '%s refuses an unknown key, an unknown model and a prompt that is too long',
  async (_, client) => {
    const cases: [Partial<FakeProviderOptions>, number][] = [
      [{ key: 'another' }, 401],
      [{ models: ['other'] }, 404],
      [{ contextTokens: 10 }, 400],
    ];
    for (const [over, status] of cases)
      await expect(client(await fake(over))).rejects.toMatchObject({ status });
  },
);

test.each(Object.entries(clients))(
  '%s refuses a strict schema that leaves a door open',
  async (_, client) => {
    const provider = await fake();
    const { additionalProperties } = schema;
    Object.assign(schema, { additionalProperties: true });
    try {
      await expect(client(provider)).rejects.toMatchObject({ status: 400 });
      expect((await client(provider, { strict: false })).calls).toHaveLength(2);
    } finally {
      Object.assign(schema, { additionalProperties });
    }
  },
);

const call = { type: 'tool_use', id: 'c1', name: 'look', input: {} };
const result = { type: 'tool_result', tool_use_id: 'c1', content: 'seen' };
test.each([
  [
    'a call without its result',
    [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: [call] },
      { role: 'user', content: 'b' },
    ],
  ],
  ['a result without its call', [{ role: 'user', content: [result] }]],
  [
    'a result behind a text',
    [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: [call] },
      { role: 'user', content: [{ type: 'text', text: 'b' }, result] },
    ],
  ],
  [
    'the same call id twice',
    [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: [call, call] },
      { role: 'user', content: [result, result] },
    ],
  ],
  ['an empty text', [{ role: 'user', content: '' }]],
  ['a field of our own', [{ role: 'user', content: 'a', incident: 'INC-1' }]],
])('%s is refused with 400 as the vendor does', async (_, turns) => {
  const provider = await fake();
  const body = JSON.stringify({ model: 'claude', max_tokens: 10, messages: turns });
  const headers = { 'x-api-key': 'key', 'anthropic-version': '2023-06-01' };
  const response = await fetch(`${provider.url}/v1/messages`, { method: 'POST', headers, body });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
  expect(provider.billed()).toEqual([]);
});

test('the same seed draws the same faults', async () => {
  const statuses = async (seed: number) => {
    const provider = await fake({
      seed,
      faults: { kind: 'share', share: 0.5, among: [{ kind: 'server_error' }, { kind: 'overloaded' }] },
    });
    for (let i = 0; i < 12; i += 1) await messages(provider).catch(() => null);
    return provider.seen().map(({ status }) => status);
  };
  const [one, same, other] = [await statuses(7), await statuses(7), await statuses(8)];
  expect(one).toEqual(same);
  expect(one).not.toEqual(other);
  expect(new Set(one).size).toBe(3);
});
