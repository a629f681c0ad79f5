import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FirebreakError } from '#core/errors.ts';
import { loadConfig } from '#server/config.ts';

const env = {
  BOT: `xoxb-${'1'.repeat(12)}`,
  APP: `xapp-${'1'.repeat(12)}`,
  SIGN: 'a'.repeat(32),
  SIGN2: 'b'.repeat(32),
};
const file = (slack: string, person = '{id: alice, name: Alice, roles: [owner]}'): string =>
  `default_owner: team-shop
teams: [{id: team-shop, name: Shop}]
people:
  - ${person}
${slack}
`;
const base = 'team: T0FAKE, app: A0FAKE, bot_token: env:BOT, default_channel: C0SHOP';
const socket = `slack: {${base}, app_token: env:APP}`;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'firebreak-slack-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function load(text: string) {
  const path = join(dir, 'firebreak.yaml');
  writeFileSync(path, text);
  return loadConfig(path, env);
}
function mistakes(text: string): string[] {
  try {
    load(text);
  } catch (error) {
    if (error instanceof FirebreakError && error.code === 'config_invalid') return error.message.split('\n');
    throw error;
  }
  return [];
}

test('without the section there is no Slack', () => {
  expect(load(file('')).slack).toBeNull();
});

test('Socket Mode is the default, and every token is a secret that cannot be shown', () => {
  const { slack, secrets } = load(file(socket));
  expect(slack).toMatchObject({
    ...{ team: 'T0FAKE', app: 'A0FAKE', defaultChannel: 'C0SHOP', allowShared: [] },
    ...{ apiUrl: null, door: { kind: 'socket' } },
  });
  expect(slack?.botToken.reveal()).toBe(env.BOT);
  expect(secrets).toHaveLength(2);
  expect(inspect(slack, { depth: 9 })).not.toMatch(/xoxb|xapp/);
});

test('HTTP mode takes one signing secret, or two while they change', () => {
  for (const [written, count] of [
    ['env:SIGN', 1],
    ['[env:SIGN, env:SIGN2]', 2],
  ] as const) {
    const { slack } = load(file(`slack: {${base}, mode: http, signing_secret: ${written}}`));
    expect(slack?.door.kind === 'http' && slack.door.signingSecrets).toHaveLength(count);
  }
});

test('an account belongs to a person by its id and workspace, and one person may have several', () => {
  const accounts = '[{user: U0ALICE}, {team: T0OTHER, user: U0ALICE}]';
  const { slack, people } = load(
    file(socket, `{id: alice, name: Alice, roles: [owner], slack: ${accounts}}`),
  );
  expect([...(slack?.people ?? [])]).toEqual([
    ['T0FAKE/U0ALICE', 'alice'],
    ['T0OTHER/U0ALICE', 'alice'],
  ]);
  expect([...people.values()][0]).not.toHaveProperty('slack');
});

test.each([
  ['a mode without its token', `slack: {${base}}`, ':5  slack: mode socket needs app_token'],
  [
    'a mode without its secret',
    `slack: {${base}, mode: http}`,
    ':5  slack.mode: mode http needs signing_secret',
  ],
  [
    'a secret that is not there',
    `slack: {${base}, app_token: env:GONE}`,
    ':5  slack.app_token: environment variable GONE is not set',
  ],
  [
    'a secret in the file',
    `slack: {${base}, app_token: xapp-1-secret}`,
    ':5  slack.app_token: must say where',
  ],
  [
    'a channel by its name',
    socket.replace('C0SHOP', '"#shop"'),
    ':5  slack.default_channel: "#shop" is not the id',
  ],
  [
    'an address without https',
    socket.replace('}', ', api_url: "http://slack.example/api/"}'),
    'must begin with https',
  ],
  [
    'a setting that does not exist',
    socket.replace('}', ', webhook: x}'),
    ':5  slack.webhook: is not a setting',
  ],
])('%s is refused with its line', (_, slack, line) => {
  expect(mistakes(file(slack)).join('\n')).toContain(line);
  expect(mistakes(file(slack)).join('\n')).not.toContain('xapp-1-secret');
});

test.each([
  [
    'one account of two people',
    '{id: alice, name: Alice, roles: [owner], slack: {user: U0A}}\n  - {id: bob, name: Bob, roles: [owner], slack: {user: U0A}}',
    'people[1].slack: U0A is already the account of people[0]',
  ],
  [
    'one account twice',
    '{id: alice, name: Alice, roles: [owner], slack: [{user: U0A}, {team: T0FAKE, user: U0A}]}',
    'U0A is listed twice',
  ],
  ['a display name', '{id: alice, name: Alice, roles: [owner], slack: {user: alice}}', 'people[0].slack'],
])('%s is refused', (_, people, line) => {
  expect(mistakes(file(socket, people)).join('\n')).toContain(line);
});

test('accounts without Slack are a mistake', () => {
  const people = '{id: alice, name: Alice, roles: [owner], slack: {user: U0A}}';
  expect(mistakes(file('', people)).join('\n')).toContain('there is no slack in this file');
});
