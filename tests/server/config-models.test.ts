import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FirebreakError } from '#core/errors.ts';
import { loadConfig } from '#server/config.ts';
import { candidatePrice } from '#server/config-models.ts';

const KEY = `sk-ant-${'k'.repeat(24)}`;
const OPENAI_KEY = `sk-${'o'.repeat(24)}`;
const HEAD = 'default_owner: team-shop\nteams: [{id: team-shop, name: Shop}]\n';
const MODELS = `${HEAD}telemetry:
  prom: {kind: prometheus, url: http://127.0.0.1:9090}
models:
  providers:
    main: {kind: anthropic, key: env:A_KEY, base_url: https://models.test}
    other: {kind: openai, key: "file:./openai.key", base_url: https://models.test/v1, timeout: 20s}
    local: {kind: openai_compatible, base_url: http://127.0.0.1:11434/v1}
  roles:
    default: [main/claude-sonnet-4-6, local/library/llama3:8b]
    diagnosis: [other/gpt-5]
  budget: {incident: 0.5, roles: {diagnosis: 0.25}}
  prices:
    - {provider: local, model: "library/llama3:8b", date: 2026-11-01, in: 0, out: 0}
    - {provider: main, model: claude-sonnet-4-6, date: 2026-01-01, in: 2.5, out: 12, cache_read: 0.25, cache_write: 3.125}
  send_to_model: {prom: full, logs: never}
`;
const env = { A_KEY: KEY };

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'firebreak-models-'));
  writeFileSync(join(dir, 'openai.key'), `${OPENAI_KEY}\n`, { mode: 0o600 });
});
afterEach(() => rmSync(dir, { recursive: true }));

function load(text: string, from: Readonly<Record<string, string>> = env) {
  const file = join(dir, 'firebreak.yaml');
  writeFileSync(file, text);
  return loadConfig(file, from);
}
function mistakes(text: string, from: Readonly<Record<string, string>> = env): string[] {
  try {
    load(text, from);
  } catch (error) {
    if (error instanceof FirebreakError && error.code === 'config_invalid') return error.message.split('\n');
    throw error;
  }
  return [];
}

test('a config without models has none: the rules play every agent', () => {
  expect(load(HEAD).models).toBeNull();
});

test('providers, roles, budgets, prices and what may be sent are read', () => {
  const models = load(MODELS).models;
  expect(models).toMatchObject({
    maxOutputTokens: 4096,
    providers: [
      { name: 'main', kind: 'anthropic', timeoutMs: 60_000 },
      { name: 'other', kind: 'openai', api: 'responses', timeoutMs: 20_000 },
      { name: 'local', kind: 'openai_compatible', api: 'chat', key: null },
    ],
    budget: { incident: 500_000, day: 20_000_000, roles: new Map([['diagnosis', 250_000]]) },
    send: new Map([
      ['prom', 'full'],
      ['logs', 'never'],
    ]),
  });
  expect(models?.providers.map(({ key }) => key?.reveal())).toEqual([KEY, OPENAI_KEY, undefined]);
  const usual = [
    { provider: 'main', model: 'claude-sonnet-4-6' },
    { provider: 'local', model: 'library/llama3:8b' },
  ];
  expect(models?.roles).toEqual(
    new Map([
      ['coordinator', usual],
      ['monitor', usual],
      ['diagnosis', [{ provider: 'other', model: 'gpt-5' }]],
      ['remediation', usual],
    ]),
  );
});

test('a price of the config replaces the published one, and one that is not written holds from its date on', () => {
  const models = load(MODELS).models;
  const priceOn = (provider: string, model: string, day: string) =>
    models === null ? undefined : candidatePrice(models, { provider, model }, day);
  expect(priceOn('main', 'claude-sonnet-4-6', '2026-12-01')).toMatchObject({
    in: 2_500_000,
    cacheWrite: 3_125_000,
  });
  expect(priceOn('local', 'library/llama3:8b', '2026-12-01')).toMatchObject({ in: 0, cacheRead: 0, out: 0 });
  expect(priceOn('local', 'library/llama3:8b', '2026-10-31')).toBeUndefined();
  expect(priceOn('other', 'gpt-5', '2026-12-01')?.in).toBeGreaterThan(0);
  expect(priceOn('local', 'gpt-5', '2026-12-01')).toBeUndefined();
});

test('writing to the cache costs a quarter more than input with Anthropic, where the config does not say it', () => {
  const row = (provider: string) => `{provider: ${provider}, model: x, date: 2026-01-01, in: 2, out: 4}`;
  const models = load(
    `${MODELS.replace('  prices:', `  prices:\n    - ${row('main')}\n    - ${row('local')}`)}`,
  ).models;
  const writeOn = (provider: string) =>
    models === null ? undefined : candidatePrice(models, { provider, model: 'x' }, '2026-12-01')?.cacheWrite;
  expect([writeOn('main'), writeOn('local')]).toEqual([2_500_000, 2_000_000]);
});

test.each(['/v1', '/proxy/v1/'])(
  'an address of Anthropic that ends in %s is refused with what to write',
  (path) => {
    expect(mistakes(MODELS.replace('https://models.test}', `https://models.test${path}}`))).toEqual([
      'firebreak.yaml:7  models.providers.main.base_url: must not end in /v1: Anthropic has that in every path, so leave it out here',
    ]);
  },
);

test('a key that is named but not there fails the start, at its line', () => {
  expect(mistakes(MODELS, {})).toEqual([
    'firebreak.yaml:7  models.providers.main.key: environment variable A_KEY is not set',
  ]);
  rmSync(join(dir, 'openai.key'));
  expect(mistakes(MODELS)).toEqual([
    `firebreak.yaml:8  models.providers.other.key: there is no file ${join(dir, 'openai.key')}`,
  ]);
});

test.each([
  ['of another vendor', OPENAI_KEY, 'is not a key of Anthropic: one begins with sk-ant-'],
  ['cut off', 'sk-ant-short', 'is not a key of Anthropic: one begins with sk-ant-'],
  ['with a line in it', `${KEY}\nmore`, 'holds white space or characters that no key has'],
])('a key %s is refused without showing any of it', (_, key, words) => {
  const lines = mistakes(MODELS, { A_KEY: key });
  expect(lines).toEqual([`firebreak.yaml:7  models.providers.main.key: what env:A_KEY holds ${words}`]);
  expect(lines.join()).not.toContain(key.slice(0, 12));
});

test('an Anthropic key does not pass for one of OpenAI', () => {
  writeFileSync(join(dir, 'openai.key'), KEY);
  expect(mistakes(MODELS)).toEqual([
    'firebreak.yaml:8  models.providers.other.key: what file:./openai.key holds is not a key of OpenAI: one begins with sk-',
  ]);
});

test('a key written into the file is refused without showing it, and no key is in anything that is printed', () => {
  const lines = mistakes(MODELS.replace('env:A_KEY', KEY));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('must say where the secret lies');
  expect(lines.join()).not.toContain(KEY);
  expect(inspect(load(MODELS), { depth: 9 })).not.toContain(KEY);
});

test.each([
  [
    'main/claude-sonet-4-6',
    '"claude-sonet-4-6" has no known price; add it to models.prices in dollars per million tokens: {provider: main, model: claude-sonet-4-6, date: YYYY-MM-DD, in: 0.00, out: 0.00}; did you mean "claude-sonnet-4-6"?',
  ],
  [
    'local/mistral',
    '"mistral" has no known price; add it to models.prices in dollars per million tokens (0 for a server of your own): {provider: local, model: mistral, date: YYYY-MM-DD, in: 0.00, out: 0.00}',
  ],
  ['mian/claude-sonnet-4-6', '"mian" is not in models.providers; did you mean "main"?'],
  ['claude-sonnet-4-6', '"claude-sonnet-4-6" is not written PROVIDER/MODEL'],
])('the candidate %s is refused at its line', (name, words) => {
  const lines = mistakes(MODELS.replace('[other/gpt-5]', `[other/gpt-5, ${name}]`));
  expect(lines).toEqual([`firebreak.yaml:12  models.roles.diagnosis[1]: ${words}`]);
});

test.each([
  [
    'a role that there is not',
    'diagnosis: [other',
    'diagnose: [other',
    'models.roles.diagnose: is not a setting',
  ],
  [
    'a source that there is not',
    'logs: never',
    'log: never',
    'models.send_to_model.log: is not a telemetry source',
  ],
  ['an address in the clear', 'https://models.test}', 'http://models.test}', 'must begin with https'],
  ['a negative budget', 'incident: 0.5', 'incident: -1', 'models.budget.incident'],
  ['a date that is none', '2026-11-01', '01.11.2026', 'is not a date such as 2026-11-01'],
  [
    'a price of nobody',
    'provider: local, model',
    'provider: locl, model',
    '"locl" is not in models.providers',
  ],
  [
    'an unknown kind',
    'kind: anthropic',
    'kind: claude',
    'is not one of anthropic, openai, openai_compatible',
  ],
])('%s is a mistake with its line', (_, from, to, words) => {
  const lines = mistakes(MODELS.replace(from, to));
  expect(lines.join('\n')).toContain(words);
  for (const line of lines) expect(line).toMatch(/^firebreak\.yaml:\d+ {2}/);
});

test('models that no role uses are a mistake, not silence', () => {
  const lines = mistakes(`${HEAD}models: {providers: {}, roles: {}}\n`);
  expect(lines).toEqual(['firebreak.yaml:3  models.roles: names no model; without one leave models out']);
});
