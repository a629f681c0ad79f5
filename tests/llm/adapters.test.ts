import { afterEach, describe, expect, test, vi } from 'vitest';
import { Secret } from '#core/secret.ts';
import { createAnthropic } from '#llm/anthropic.ts';
import { createOpenai } from '#llm/openai.ts';
import type { AttemptFailure } from '#llm/provider.ts';
import { createTransport } from '#llm/transport.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import type { Brain } from '../fakes/llm-provider/asked.ts';
import type { Fault } from '../fakes/llm-provider/faults.ts';
import { type FakeProviderOptions, startFakeProvider } from '../fakes/llm-provider/provider.ts';
import { until } from '../sessions/rig.ts';
import { answered, ask, asked, brief } from './a-request.ts';
import { vendors } from './vendors.ts';

const looks: Brain = () => ({
  text: 'Looking.',
  calls: [{ tool: 'metrics_query', args: { service: 'service:checkout', minutes: 5 } }],
});

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closers.splice(0).reverse()) await close();
});

async function fake(options: Partial<FakeProviderOptions> = {}) {
  const server = await startFakeProvider({ seed: 1, brain: looks, ...options });
  const transport = createTransport({ to: [server.url] });
  closers.push(() => server.close(), transport.close);
  return { server, transport };
}

test('the longest answer is named as OpenAI wants it of OpenAI, and as most know it of others', async () => {
  const { server, transport } = await fake();
  const of = async (kind: 'openai' | 'openai_compatible', model: string) => {
    const where = { baseUrl: `${server.url}/v1`, transport, timeoutMs: 5000 };
    const apiKey = new Secret('sk-test-0123456789');
    const attempt = await ask(createOpenai({ ...where, kind, name: 'o', apiKey, api: 'chat' }), { model });
    const { max_tokens, max_completion_tokens } = JSON.parse(server.seen().at(-1)?.body ?? '{}');
    return [attempt.kind, max_tokens, max_completion_tokens];
  };
  expect(await of('openai', 'gpt-5')).toEqual(['reply', undefined, 1000]);
  expect(await of('openai_compatible', 'llama3')).toEqual(['reply', 1000, undefined]);
  expect(await of('openai_compatible', 'gpt-5')).toEqual(['failed', 1000, undefined]);
});

describe.each(vendors)('$api', ({ api, create }) => {
  test('a call comes back with its arguments, and tokens as they were billed', async () => {
    const { server, transport } = await fake();
    const attempt = await ask(create(server.url, transport));
    expect(attempt).toMatchObject({ kind: 'reply', text: 'Looking.', stop: 'tool_use' });
    expect(attempt.kind === 'reply' && attempt.calls.map(({ tool, args }) => ({ tool, args }))).toEqual([
      { tool: 'metrics_query', args: { service: 'service:checkout', minutes: 5 } },
    ]);
    expect(attempt.tokens).toEqual(server.billed()[0]?.tokens);
    expect(server.seen()[0]?.status).toBe(200);
  });

  test('a long transcript is taken as it is: every outcome, ids from elsewhere, silence', async () => {
    const { server, transport } = await fake();
    const items = [
      brief,
      asked('one', 'rules:two/2'),
      answered('one', 'fine'),
      answered('rules:two/2', 'not seen', 'gap'),
      asked('three', 'x'.repeat(100), 'five', 'six'),
      answered('three', 'no', 'refused'),
      answered('x'.repeat(100), 'broken', 'failed'),
      answered('five', '?', 'unknown'),
      answered('six', 'people are asked', 'proposed'),
      { kind: 'reply', text: ' ', calls: [] } as const,
      { ...brief, source: 'wake' } as const,
      { kind: 'reply', text: 'Odd.', calls: [{ id: 'odd', tool: 'no such tool!', args: null }] } as const,
      { ...answered('odd', 'unknown tool', 'refused'), tool: 'no such tool!' },
    ];
    const provider = create(server.url, transport);
    expect(await ask(provider, { items, mustCall: true })).toMatchObject({ kind: 'reply' });
    expect(server.seen()[0]?.body).toContain('evidence e7 id=');
  });

  test('prompts are read from the cache as they grow, and every token is counted once', async () => {
    const { server, transport } = await fake();
    const provider = create(server.url, transport);
    const long = 'signal at minute one. '.repeat(400);
    const items = [brief, asked('one'), answered('one', long)];
    const first = await ask(provider, { items });
    const second = await ask(provider, { items: [...items, asked('two'), answered('two', 'more')] });
    const billed = server.billed().map(({ tokens }) => tokens);
    expect([first.tokens, second.tokens]).toEqual(billed);
    expect(second.tokens?.cacheRead).toBeGreaterThan(1000);
  });

  const faults: readonly (readonly [Fault, AttemptFailure, object])[] = [
    [
      { kind: 'rate_limited', retryAfterMs: 2000, header: 'retry-after' },
      'rate_limited',
      { status: 429, retryAfterMs: 2000 },
    ],
    [
      { kind: 'rate_limited', retryAfterMs: 50, header: 'retry-after-ms' },
      'rate_limited',
      { retryAfterMs: 50 },
    ],
    [{ kind: 'overloaded' }, 'overloaded', { retryAfterMs: null }],
    [{ kind: 'server_error' }, 'unavailable', { status: 500 }],
    [{ kind: 'auth' }, 'auth', { status: 401 }],
    [{ kind: 'unknown_model' }, 'unknown_model', { status: 404 }],
    [{ kind: 'too_long' }, 'too_long', { status: 400 }],
    [{ kind: 'cut', after: 0 }, 'unavailable', { status: null }],
    [{ kind: 'cut', after: 0.5 }, 'unavailable', { status: null }],
    [{ kind: 'malformed' }, 'invalid_reply', {}],
    [{ kind: 'wrong_type' }, 'invalid_reply', {}],
    [{ kind: 'duplicate_ids' }, 'invalid_reply', {}],
  ];
  test.each(faults)('%o is the failure %s', async (fault, reason, rest) => {
    const { server, transport } = await fake({ faults: { kind: 'all', fault } });
    expect(await ask(create(server.url, transport))).toMatchObject({ kind: 'failed', reason, ...rest });
    expect(server.seen()).toHaveLength(1);
  });

  test('a failure tells the tokens that the provider had told', async () => {
    const { server, transport } = await fake({
      faults: {
        kind: 'share',
        share: 1,
        among: [{ kind: 'cut', after: 0.7 }, { kind: 'malformed' }, { kind: 'duplicate_ids' }],
      },
    });
    const provider = create(server.url, transport);
    for (let i = 0; i < 8; i += 1) {
      const attempt = await ask(provider);
      expect(attempt.tokens).toEqual(server.billed()[i]?.told);
    }
  });

  test('arguments that are no JSON leave a call that can be refused and repaired', async () => {
    const { server, transport } = await fake({ faults: { kind: 'all', fault: { kind: 'bad_arguments' } } });
    const attempt = await ask(create(server.url, transport));
    expect(attempt).toMatchObject({ kind: 'reply', calls: [{ tool: 'metrics_query', args: null }] });
  });

  test.each([
    [{ kind: 'refusal' }, { stop: 'refusal', calls: [] }],
    [{ kind: 'length' }, { stop: 'length', calls: [] }],
    [{ kind: 'empty' }, { stop: 'end', calls: [], text: '' }],
    [{ kind: 'unknown_tool' }, { stop: 'tool_use', calls: [{ tool: 'shell_exec' }] }],
  ] as const)('%o is a reply of its own kind', async (fault, expected) => {
    const { server, transport } = await fake({ faults: { kind: 'all', fault } });
    expect(await ask(create(server.url, transport))).toMatchObject({ kind: 'reply', ...expected });
  });

  test('a stop ends the request while the answer is on its way, and the provider notices', async () => {
    const faults = {
      kind: 'all',
      fault: { kind: api === 'chat' ? 'slow_start' : 'slow_chunks', ms: 1000 },
    } as const;
    const { server, transport } = await fake({ clock: new FakeClock(), faults });
    const stop = new AbortController();
    const attempt = ask(create(server.url, transport), {}, stop.signal);
    await until(() => server.inFlight() === 1);
    stop.abort();
    expect(await attempt).toMatchObject({ kind: 'failed', reason: 'aborted' });
    await until(() => server.inFlight() === 0);
  });

  test('nothing is sent once the run has stopped', async () => {
    const { server, transport } = await fake();
    expect(await ask(create(server.url, transport), {}, AbortSignal.abort())).toMatchObject({
      reason: 'aborted',
    });
    expect(server.seen()).toEqual([]);
  });

  test('an answer that does not begin in time is a timeout', async () => {
    const fault = { kind: 'slow_start', ms: 1000 } as const;
    const { server, transport } = await fake({ clock: new FakeClock(), faults: { kind: 'all', fault } });
    expect(await ask(create(server.url, transport, 40))).toMatchObject({ kind: 'failed', reason: 'timeout' });
  });

  test('a server that is not there is unavailable, and cannot have billed anything', async () => {
    const { server, transport } = await fake();
    await server.close();
    const tokens = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0 };
    const attempt = await ask(create(server.url, transport));
    expect(attempt).toMatchObject({ kind: 'failed', reason: 'unavailable', tokens });
  });

  test('many attempts leave no listener on the signal of the run', async () => {
    const { server, transport } = await fake();
    const provider = create(server.url, transport);
    const warnings: string[] = [];
    const warn = (warning: Error) => warnings.push(warning.message);
    process.on('warning', warn);
    const run = new AbortController();
    await Promise.all(
      Array.from({ length: 30 }, async (_, i) => i % 2 === 0 && ask(provider, {}, run.signal)),
    );
    for (let i = 0; i < 30; i += 1) await ask(provider, {}, run.signal);
    process.off('warning', warn);
    expect(warnings.filter((text) => text.includes('abort'))).toEqual([]);
    expect(server.billed()).toHaveLength(45);
  });

  test('the environment changes neither key nor address nor headers', async () => {
    vi.stubEnv('ANTHROPIC_API_KEY', 'sk-wrong');
    vi.stubEnv('ANTHROPIC_AUTH_TOKEN', 'wrong');
    vi.stubEnv('ANTHROPIC_BASE_URL', 'http://127.0.0.1:1');
    vi.stubEnv('ANTHROPIC_CUSTOM_HEADERS', 'authorization: Bearer wrong\nx-api-key: wrong\nx-more: yes');
    vi.stubEnv('OPENAI_API_KEY', 'sk-wrong');
    vi.stubEnv('OPENAI_BASE_URL', 'http://127.0.0.1:1');
    vi.stubEnv('OPENAI_ORG_ID', 'org-wrong');
    vi.stubEnv('OPENAI_CUSTOM_HEADERS', 'authorization: Bearer wrong\nx-more: yes');
    const { server, transport } = await fake({ key: 'sk-test-0123456789' });
    expect(await ask(create(server.url, transport))).toMatchObject({ kind: 'reply' });
    expect(Object.keys(server.seen()[0]?.headers ?? {}).sort()).toEqual(
      [
        'accept',
        ...(api === 'anthropic' ? ['anthropic-version'] : []),
        'authorization',
        'connection',
        'content-length',
        'content-type',
        'host',
        'user-agent',
      ].sort(),
    );
  });
});

describe('what cannot be used is said at once', () => {
  const rest = { name: 'main', transport: createTransport({ to: [] }), timeoutMs: 1000 };
  const good = new Secret('sk-test-0123456789');
  const url = 'https://models.example';

  test.each([
    'http://models.example',
    'ftp://127.0.0.1',
    'https://user:hunter2@models.example',
    'https://models.example/?key=hunter2',
    'models.example',
    '',
  ])('address %j', (baseUrl) => {
    for (const make of [
      () => createAnthropic({ ...rest, apiKey: good, baseUrl }),
      () => createOpenai({ kind: 'openai', ...rest, apiKey: good, baseUrl, api: 'chat' }),
    ]) {
      expect(make).toThrow(expect.objectContaining({ code: 'config_invalid' }));
      expect(make).not.toThrow(/hunter2/);
    }
  });

  test.each(['', 'two words', 'sk-line\nbreak', 'sk-ümlaut'])('key %j, which no message repeats', (key) => {
    const apiKey = new Secret(key);
    for (const make of [
      () => createAnthropic({ ...rest, apiKey, baseUrl: url }),
      () => createOpenai({ kind: 'openai', ...rest, apiKey, baseUrl: url, api: 'responses' }),
    ]) {
      expect(make).toThrow(/key of model provider main/);
      expect(make).toThrow(expect.objectContaining({ message: expect.not.stringContaining(key || 'sk-') }));
    }
  });
});
