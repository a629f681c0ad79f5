import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { IncidentAnswer, StatusAnswer } from '#cli/answers.ts';
import { FirebreakError } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import { type Running, serve } from '#server/main.ts';
import { renderIncident } from '#views/incident-text.ts';
import type { ModelUse } from '#views/model-use.ts';
import { renderStatus } from '#views/status.ts';
import { painter } from '#views/table.ts';
import { readingBrain } from '../fakes/llm-provider/brain/reader.ts';
import {
  type FakeProvider,
  type FakeProviderOptions,
  startFakeProvider,
} from '../fakes/llm-provider/provider.ts';

const TOKEN = 'fbk_a-token-of-a-test';
const KEY = `sk-ant-${'test'.repeat(6)}`;
const screen = { now: Date.now(), zone: 'UTC', paint: painter(false) };
const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };

type Served = Running & { readonly dir: string; ask(path: string, body?: string): Promise<unknown> };
type Setup = {
  readonly url: string;
  readonly model?: string;
  readonly key?: string;
  readonly budget?: string;
};

/** A server in this process whose agents are played by a model at `url`; its keys lie in a file. */
async function served({
  url,
  model = 'claude-haiku-4-5',
  key = KEY,
  budget = '1.00',
}: Setup): Promise<Served> {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-models-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, 'model.key'), key, { mode: 0o600 });
  const configPath = join(dir, 'firebreak.yaml');
  writeFileSync(
    configPath,
    `listen: {host: 127.0.0.1, port: 0}
default_owner: team-a
teams: [{id: team-a, name: A}]
people:
  - {id: olga, name: Olga, token: "sha256:${sha256(TOKEN)}", roles: [responder, owner], teams: [team-a]}
models:
  providers:
    main: {kind: anthropic, key: "file:./model.key", base_url: "${url}"}
  roles: {default: [main/${model}]}
  budget: {incident: ${budget}}
services: [{id: checkout}]
`,
  );
  const running = await serve({ configPath, dataDir: join(dir, 'data'), version: '0.0.0' });
  onTestFinished(() => running.stop());
  const ask = async (path: string, body?: string): Promise<unknown> => {
    const init = body === undefined ? { headers } : { headers, method: 'POST', body };
    const answer = await fetch(`${running.url}${path}`, init);
    return path === '/metrics' ? answer.text() : answer.json();
  };
  return { ...running, dir, ask };
}

async function vendor(over: Partial<FakeProviderOptions> = {}): Promise<FakeProvider> {
  const fake = await startFakeProvider({ seed: 1, key: KEY, brain: readingBrain, ...over });
  onTestFinished(() => fake.close());
  return fake;
}

/** Pages with a few words and waits until the incident was handed to people or closed; its card as lines. */
async function triaged({ ask }: Served): Promise<{ lines: string[]; models: ModelUse }> {
  await ask('/v1/alerts/cli', JSON.stringify({ name: 'checkout is failing' }));
  const card = async () => IncidentAnswer.parse(await ask('/v1/incidents/INC-1'));
  await expect.poll(async () => (await card()).outcome, { timeout: 20_000 }).toMatch(/escalated|nothing/);
  const last = await card();
  return { lines: renderIncident(last, screen), models: last.models };
}

test('with a key a model plays the agents, and the card, the status and the metrics say so and what it cost', async () => {
  const fake = await vendor();
  const server = await served({ url: fake.url });
  await triaged(server);
  // The coordinator's last word may still be under way.
  const card = async () => IncidentAnswer.parse(await server.ask('/v1/incidents/INC-1'));
  await expect.poll(async () => (await card()).models.model - fake.billed().length).toBe(0);
  const { models } = await card();
  const lines = renderIncident(await card(), screen);
  expect(lines.join('\n')).toMatch(/mode {5}observe in prod; AI model, \d+ model calls, .* of \$1\.00/);
  expect(lines.join('\n')).toContain('cost     coordinator ');
  expect(models).toMatchObject({ rules: 0, fallback: null });
  const status = StatusAnswer.parse(await server.ask('/v1/status'));
  expect(status).toMatchObject({
    ai: 'model',
    spend: { usdMicros: models.usdMicros, limitUsdMicros: 20_000_000 },
  });
  expect(renderStatus(status, screen).join('\n')).toContain('AI model, with the rules to fall back on');
  expect(await server.ask('/metrics')).toContain(
    `firebreak_model_attempts_total{provider="main",outcome="ok"} ${models.model}`,
  );
  for (const { body } of fake.seen()) expect(body).not.toContain(KEY);
});

test.each([
  ['a key that the provider refuses', { key: 'another' }, 'the model’s provider refuses the key', 3],
  ['a model that it does not know', { models: ['else'] }, 'the provider does not know the model', 3],
  [
    'a prompt that is too long for it',
    { contextTokens: 3 },
    'the conversation is too long for the model',
    40,
  ],
])(
  '%s is a labelled outcome on the card: the rules answer, and nobody is asked again and again',
  async (_, over, why, most) => {
    const fake = await vendor(over);
    const { lines, models } = await triaged(await served({ url: fake.url }));
    expect(lines.join('\n').replaceAll(/\n {11}/g, ' ')).toMatch(/model {4}rules answered \d+ turns?: /);
    expect(models).toMatchObject({ model: 0, usdMicros: 0 });
    expect(lines.join('\n').replaceAll(/\n\s+/g, ' ')).toContain(`rules answers: ${why}`);
    expect(fake.seen().length).toBeGreaterThan(0);
    expect(fake.seen().length).toBeLessThanOrEqual(most);
  },
);

test('a provider that is not there is a labelled outcome, and the page is answered by the rules', async () => {
  const fake = await vendor();
  await fake.close();
  const { lines, models } = await triaged(await served({ url: fake.url }));
  expect(lines.join('\n')).toContain('rules answers: the model cannot be reached');
  expect(models).toMatchObject({ model: 0, usdMicros: 0 });
});

test('a budget of nothing sends nothing, and card and timeline name it', async () => {
  const fake = await vendor();
  const { lines } = await triaged(await served({ url: fake.url, budget: '0.00' }));
  expect(fake.seen()).toHaveLength(0);
  expect(lines.join('\n')).toMatch(/rules answered \d+ turns?: the budget of this incident is spent/);
  expect(lines.join('\n')).toContain('the budget of this incident is spent: the rules go on');
});

test.each([
  [
    'a key of another shape',
    { key: 'not-a-key' },
    /models\.providers\.main\.key: what file:.* holds is not a key of/,
  ],
  ['no key', { key: '' }, /models\.providers\.main\.key: .*model\.key is empty/],
  [
    'a model whose price nobody knows',
    { model: 'claude-haiku-4' },
    /models\.roles\.default\[0\]: .* has no known price/,
  ],
])('%s is said at the start, in one line with its place', async (_, over, words) => {
  const refused = await served({ url: 'http://127.0.0.1:9', ...over }).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(refused).toBeInstanceOf(FirebreakError);
  const { message } = refused instanceof FirebreakError ? refused : { message: '' };
  expect(message).toMatch(words);
  expect(message).toMatch(/^firebreak\.yaml:\d+ {2}/);
  expect(message.split('\n')).toHaveLength(1);
  expect(message).not.toContain('not-a-key');
});
