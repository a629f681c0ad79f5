import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FirebreakError } from '#core/errors.ts';
import { ServiceId } from '#core/ids.ts';
import { loadConfig } from '#server/config.ts';
import { sendPolicyOf } from '#server/send-policy.ts';
import { createWorld } from '#server/world.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

const BASE = `default_owner: team-shop
teams: [{id: team-shop, name: Shop}]
`;
const SERVICE = 'services: [{id: checkout, repo: shop/checkout, deploy_environment: production}]\n';
/** In the shape that GitHub gives, put together here so that no scanner takes it for a real one. */
const TOKEN = ['ghp', 'a1B2'.repeat(9)].join('_');
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'firebreak-config-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function load(text: string) {
  const file = join(dir, 'firebreak.yaml');
  writeFileSync(file, BASE + text);
  return loadConfig(file, { GITHUB: TOKEN });
}
function mistakes(text: string): string {
  try {
    load(text);
  } catch (error) {
    if (error instanceof FirebreakError) return error.message;
  }
  return '';
}

test('GitHub has a token by reference and an address, the public one where none is written', () => {
  const config = load(`github: {token: env:GITHUB}\n${SERVICE}`);
  expect(config.github).toMatchObject({ url: 'https://api.github.com' });
  expect(config.github?.token.reveal()).toBe(TOKEN);
  expect(config.secrets.map((secret) => secret.reveal())).toContain(TOKEN);
  expect(inspect(config, { depth: 20 })).not.toContain(TOKEN);
  const checkout = config.inventory.services.get(ServiceId.parse('checkout'));
  expect(checkout).toMatchObject({ repo: 'shop/checkout', deployEnvironment: 'production' });
  expect(load('services: [{id: checkout}]\n').github).toBeNull();
  const own = load(`github: {url: "http://127.0.0.1:8080/api/v3", token: env:GITHUB}\n${SERVICE}`);
  expect(own.github?.url).toBe('http://127.0.0.1:8080/api/v3');
});

test.each([
  ['github: {url: "http://github.example", token: env:GITHUB}\n', 'must be https://'],
  ['github: {token: ghp_abc}\n', 'must say where the secret lies'],
  [SERVICE, 'needs github'],
  ['github: {token: env:GITHUB}\nservices: [{id: checkout, deploy_environment: prod}]\n', 'needs repo'],
  ['github: {token: env:GITHUB}\nservices: [{id: checkout, repo: ../../x}]\n', 'is not a repository'],
  ['github: {token: env:GITHUB}\nservices: [{id: checkout, repo: "shop/.."}]\n', 'is not a repository'],
])('%j is a mistake', (text, said) => {
  expect(mistakes(text)).toContain(said);
});

test('only where the config names it is GitHub asked, and only at its own address', async () => {
  const clock = new FakeClock();
  expect(createWorld(load('services: [{id: checkout}]\n'), clock).world.code).toBeUndefined();
  const config = load(`github: {url: "http://127.0.0.1:1", token: env:GITHUB}\n${SERVICE}`);
  const query = { repo: 'shop/checkout', environment: 'production' };
  expect(
    await createWorld(config, clock).world.code?.deployed(query, new AbortController().signal),
  ).toMatchObject({ kind: 'gap', reason: 'unreachable' });
});

test('what GitHub says follows a rule of its own when it is sent to a model', () => {
  const { inventory } = load(`github: {token: env:GITHUB}\n${SERVICE}`);
  const policy = sendPolicyOf(new Map([['github', 'never']]), inventory);
  const of = (tool: string) =>
    policy({ id: '1', tool, args: { service: 'service:checkout' } }, () => undefined);
  expect(['changes_list', 'change_diff', 'deployments_list', 'incident_history'].map(of)).toEqual([
    'never',
    'never',
    'never',
    'redacted',
  ]);
});
