import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FirebreakError } from '#core/errors.ts';
import { loadConfig } from '#server/config.ts';
import { webhookSources } from '#server/webhook-sources.ts';

const BASE = `default_owner: team-shop
teams: [{id: team-shop, name: Shop}]
services: [{id: checkout}]
`;
const env = { NEW: 'new-secret', OLD: 'old-secret', REST: 'rest-secret', KEY: 'key-secret', EMPTY: ' ' };
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'firebreak-config-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function load(text: string) {
  const file = join(dir, 'firebreak.yaml');
  writeFileSync(file, BASE + text);
  return loadConfig(file, env);
}
function mistakes(text: string): string[] {
  try {
    load(text);
  } catch (error) {
    if (error instanceof FirebreakError) return error.message.split('\n');
  }
  return [];
}

test('a source of PagerDuty has secrets, a list to ask for, and names of services; what we tell it has a token', () => {
  const config = load(`sources:
  pagerduty: {kind: pagerduty, secret: [env:NEW, env:OLD], poll: {url: "http://127.0.0.1:1", every: 10s, token: env:REST}, services: {PSVC001: checkout}}
pagerduty: {api: "http://127.0.0.1:1", token: env:REST, from: bot@shop.example, events: {url: "http://127.0.0.1:2", routing_key: env:KEY}}
`);
  const source = config.sources.get('pagerduty');
  if (source?.kind !== 'pagerduty') throw new Error('no source');
  expect(source.secrets.map((secret) => secret.reveal())).toEqual(['new-secret', 'old-secret']);
  expect([source.poll?.everyMs, source.poll?.token.reveal()]).toEqual([10_000, 'rest-secret']);
  expect([...source.services]).toEqual([['PSVC001', 'checkout']]);
  expect(config.pagerduty?.token.reveal()).toBe('rest-secret');
  expect(config.pagerduty?.events?.routingKey.reveal()).toBe('key-secret');
  expect(config.secrets.map((secret) => secret.reveal())).toEqual(
    expect.arrayContaining(Object.values(env).slice(0, 4)),
  );
  expect(inspect(config, { depth: 20 })).not.toMatch(/-secret/);
  expect(
    webhookSources(config, { people: config.people, now: () => 0 }).map(({ id, auth }) => [id, auth.kind]),
  ).toEqual([
    ['pagerduty', 'signature'],
    ['cli', 'bearer'],
  ]);
});

test('every sender can have several tokens while one is changed', () => {
  const config = load(
    'sources: {am: {kind: alertmanager, token: [env:NEW, env:OLD]}, g: {kind: generic, token: env:NEW}}\n',
  );
  const counts = webhookSources(config, { people: config.people, now: () => 0 }).map(({ auth }) => {
    if (auth.kind !== 'bearer') return 0;
    return (typeof auth.tokens === 'function' ? auth.tokens() : auth.tokens).length;
  });
  expect(counts).toEqual([2, 1, 0]);
});

test('a source that is only asked takes no posts', () => {
  const config = load(
    'sources: {pd: {kind: pagerduty, poll: {url: "http://127.0.0.1:1", token: env:REST}}}\n',
  );
  expect(webhookSources(config, { people: config.people, now: () => 0 }).map(({ id }) => id)).toEqual([
    'cli',
  ]);
});

test.each([
  [
    'without a secret',
    'sources: {pd: {kind: pagerduty}}',
    'sources.pd: needs a secret (it posts to us, signed), poll (we ask it), or both',
  ],
  ['without a token', 'sources: {g: {kind: generic}}', 'sources.g.token: is missing'],
  [
    'with no secret in the list',
    'sources: {pd: {kind: pagerduty, secret: []}}',
    'sources.pd.secret: needs at least 1',
  ],
  [
    'whose secret is empty',
    'sources: {pd: {kind: pagerduty, secret: env:EMPTY}}',
    'sources.pd.secret: environment variable EMPTY is not set',
  ],
  [
    'whose second secret is missing',
    'sources: {pd: {kind: pagerduty, secret: [env:NEW, env:NONE]}}',
    'sources.pd.secret[1]: environment variable NONE is not set',
  ],
  [
    'whose secret stands in the file',
    'sources: {pd: {kind: pagerduty, secret: hunter2}}',
    'sources.pd.secret: must say where the secret lies: env:NAME, keychain:NAME or file:/path without .. (the secret itself never stands here)',
  ],
  [
    'whose second secret stands in the file',
    'sources: {pd: {kind: pagerduty, secret: [env:NEW, hunter2]}}',
    'sources.pd.secret[1]: must say where the secret lies: env:NAME, keychain:NAME or file:/path without .. (the secret itself never stands here)',
  ],
  [
    'that names another service',
    'sources: {pd: {kind: pagerduty, secret: env:NEW, services: {P1: checkuot}}}',
    'sources.pd.services.P1: "checkuot" is not a service; did you mean "checkout"?',
  ],
])('a source %s refuses to start, with the line', (_, text, problem) => {
  expect(mistakes(`${text}\n`)).toEqual([`firebreak.yaml:4  ${problem}`]);
});
