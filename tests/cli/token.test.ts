import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256 } from '#core/hash.ts';
import { PersonId } from '#core/ids.ts';
import { loadConfig } from '#server/config.ts';
import { identifier } from '#server/http-people.ts';
import { aPlace } from './a-context.ts';

const alice = PersonId.parse('alice');
const config = (token: string): string =>
  `default_owner: a\nteams: [{id: a, name: A}]\npeople:\n  - id: alice\n    name: Alice\n    roles: [owner]\n${token}\n`;

test('a new token is shown once, and the lines beside it make the server know it to its last day', async () => {
  using place = aPlace();
  const ran = await place.run([
    'token',
    'new',
    '--person',
    'alice',
    '--expires',
    '90d',
    '--scopes',
    'read,note',
  ]);
  expect([ran.exit, ran.err]).toEqual([0, []]);
  const token = /fbk_[\w-]{43}/.exec(ran.out.join('\n'))?.[0] ?? '';
  expect(ran.out.join('\n').split(token)).toHaveLength(2);
  const file = join(place.dir, 'firebreak.yaml');
  writeFileSync(file, config(ran.out.filter((line) => /^ {4}/.test(line)).join('\n')));
  const { people } = loadConfig(file, {});
  const end = Date.parse('2026-04-06T00:00:00Z');
  expect(people.get(alice)?.tokens).toEqual([
    { hash: sha256(token), expires: end, scopes: ['read', 'note'] },
  ]);
  expect(identifier(people, () => end - 1)(`Bearer ${token}`)).toMatchObject({
    ...{ kind: 'known', person: { id: 'alice', scopes: ['read', 'note'] } },
  });
  expect(identifier(people, () => end)(`Bearer ${token}`)).toEqual({
    kind: 'expired',
    person: alice,
    at: end,
  });
});

test('a token for ever and for everything is one line, as JSON too', async () => {
  using place = aPlace();
  const ran = await place.run(['token', 'new', '--person', 'alice', '--json']);
  const made = JSON.parse(ran.out.at(-1) ?? '');
  expect(made).toEqual({
    ...{ person: 'alice', expires: null, scopes: null, token: expect.stringMatching(/^fbk_/) },
    hash: `sha256:${sha256(made.token)}`,
  });
  const again = await place.run(['token', 'new', '--person', 'alice', '--json']);
  expect(JSON.parse(again.out.at(-1) ?? '').token).not.toBe(made.token);
});

test.each([
  [['--person', 'Alice'], '--person'],
  [['--person', 'alice', '--expires', '0d'], '--expires'],
  [['--person', 'alice', '--expires', 'never'], '--expires'],
  [['--person', 'alice', '--scopes', 'read,everything'], '--scopes'],
])('%j is wrong usage, and no token is made', async (flags, about) => {
  using place = aPlace();
  const { exit, out, err } = await place.run(['token', 'new', ...flags]);
  expect([exit, out]).toEqual([2, []]);
  expect(err[0]).toContain(about);
});

const HASH = sha256('a');
test.each([
  [`    token: "sha256:${HASH}"`, 1],
  [`    token: {hash: "sha256:${HASH}"}`, 1],
  [`    token: ["sha256:${HASH}", {hash: "sha256:${sha256('b')}", expires: 2027-01-31}]`, 2],
])('%s gives this many tokens: %i', (text, count) => {
  using place = aPlace();
  const file = join(place.dir, 'firebreak.yaml');
  writeFileSync(file, config(text));
  expect(loadConfig(file, {}).people.get(alice)?.tokens).toHaveLength(count);
});

test.each([
  [`    token: [{hash: fbk_secret}]`, 'people[0].token[0].hash: must be sha256: and the 64 hex digits'],
  [`    token: fbk_secret`, 'people[0].token: must be sha256: and the 64 hex digits'],
  [
    `    token: [{hash: "sha256:${HASH}", expires: 2027-02-30}]`,
    'people[0].token[0].expires: "2027-02-30" is not a date',
  ],
  [
    `    token: [{hash: "sha256:${HASH}", scopes: [everything]}]`,
    'people[0].token[0].scopes[0]: "everything" is not one of read',
  ],
  [
    `    token: ["sha256:${HASH}", {hash: "sha256:${HASH}"}]`,
    'people[0].token[1]: is the same as people[0].token[0]',
  ],
])('%s is refused with its line, and what may be a token is not shown', (text, line) => {
  using place = aPlace();
  const file = join(place.dir, 'firebreak.yaml');
  writeFileSync(file, config(text));
  expect(() => loadConfig(file, {})).toThrow(line);
  expect(() => loadConfig(file, {})).not.toThrow('fbk_secret');
});
