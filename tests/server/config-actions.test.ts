import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { loadConfig, readTerms } from '#server/config.ts';
import { openActWorld } from '#server/executor/act-world.ts';
import { createWorld } from '#server/world.ts';

let dir: string;
let program: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'firebreak-config-'));
  program = join(dir, 'queue');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(dir, 'key'), 'a made up value\n', { mode: 0o600 });
});
afterEach(() => rmSync(dir, { recursive: true }));

const BASE = `default_owner: team-shop
teams: [{id: team-shop, name: Shop}]
services: [{id: checkout, mode: act}]
`;
function load(text: string) {
  const file = join(dir, 'firebreak.yaml');
  writeFileSync(file, BASE + text);
  return loadConfig(file, {});
}
function mistakes(text: string): string[] {
  try {
    load(text);
  } catch (error) {
    if (error instanceof FirebreakError)
      return error.message.split('\n').map((line) => line.replaceAll(dir, 'DIR'));
  }
  return [];
}
const actions = (more = '', argv = `${program}, '--count={count}', '{shard}'`): string =>
  `actions:
  - {name: restart-queue, service: checkout, about: Restart it, argv: [${argv}], params: {count: {int: {min: 1, max: 5}}, shard: {one_of: [a, b]}}${more}}
`;

test('actions make a service one that can be changed; the server looks at programs and the other process runs them', () => {
  const config = load(
    actions(`, env: {QUEUE_KEY: 'file:key'}, undo: {argv: [${program}, stop]}, tier: wide_change`),
  );
  const action = config.inventory.actions?.get('restart-queue');
  expect(action).toMatchObject({ tier: 'R3', timeoutMs: 60_000, undo: [program, 'stop'], causes: [] });
  expect(action?.env).toEqual(new Map([['QUEUE_KEY', 'file:key']]));
  expect(Object.keys(createWorld(config, realClock).world.programs ?? {})).toEqual(['inspect']);
  const acting = openActWorld({ path: config.file, digest: config.digest }, realClock);
  expect(Object.keys(acting.world.programs ?? {})).toEqual(['inspect', 'run']);
  expect(acting.inventory.version).toBe(config.inventory.version);
  expect(inspect(config, { depth: 9 })).not.toContain('made up');
  expect(openActWorld({ path: config.file, digest: config.digest }, realClock).world.silences?.size).toBe(0);
  expect(readTerms(config.file).inventory.actions?.size).toBe(1);
});

test.each([
  [
    'a shell',
    `/bin/sh, -c, 'id {count} {shard}'`,
    'argv[0]: cannot be run: /bin/sh is a shell; name the script itself, with #! in its first line',
  ],
  [
    'an interpreter',
    `/usr/bin/python3, -c, '{count} {shard}'`,
    'argv[0]: cannot be run: /usr/bin/python3 runs what its arguments say; name the script itself, with #! in its first line',
  ],
  [
    'a shell behind another program',
    `/usr/bin/sudo, /bin/bash, '{count} {shard}'`,
    'argv[1]: cannot be run: /bin/bash is a shell; name the script itself, with #! in its first line',
  ],
  [
    'a relative path',
    `queue, '{count} {shard}'`,
    'argv[0]: must be the absolute path of a program, without parameters',
  ],
  [
    'a path that goes up',
    `/opt/../bin/queue, '{count} {shard}'`,
    'argv[0]: must be a plain path, without . and ..',
  ],
  [
    'a program that is a parameter',
    `'/opt/{shard}', '{count}'`,
    'argv[0]: must be the absolute path of a program, without parameters',
  ],
  [
    'a parameter that there is not',
    `/opt/queue, '{count}', '{shard}', '{force}'`,
    'argv[3]: {force} is not a parameter',
  ],
  [
    'a brace of its own',
    `/opt/queue, '{count}', '{shard}', 'a}b'`,
    'argv[3]: has a brace that belongs to no {parameter}',
  ],
  [
    'more than fits on a card',
    `/opt/queue, '{count}', '{shard}', ${`'${'x'.repeat(150)}', `.repeat(3)} x`,
    'argv: can become too long to be shown: 500 characters at most',
  ],
  ['a parameter that is used nowhere', `/opt/queue, '{count}'`, 'params.shard: argv has no {shard}'],
])('a command with %s is refused in words', (_, argv, line) => {
  expect(
    mistakes(actions('', argv)).map((one) => one.replace(/^firebreak.yaml:\d+ {2}actions\[0\]\./, '')),
  ).toContain(line);
});

test.each([
  ['a second line', 'about: x, argv: ["/opt/q", "a\\nb"]'],
  ['a word that is an option', 'about: x, argv: [/opt/q, "{a}"], params: {a: {one_of: [--all]}}'],
  ['a word with a space', 'about: x, argv: [/opt/q, "{a}"], params: {a: {one_of: ["a b"]}}'],
  ['a negative number', 'about: x, argv: [/opt/q, "{a}"], params: {a: {int: {min: -1, max: 1}}}'],
  ['a min above its max', 'about: x, argv: [/opt/q, "{a}"], params: {a: {int: {min: 2, max: 1}}}'],
  ['free text', 'about: x, argv: [/opt/q, "{a}"], params: {a: {pattern: ".*"}}'],
  ['a secret of the environment', 'about: x, argv: [/opt/q], env: {A: env:HOME}'],
  ['a lower tier than a change', 'about: x, argv: [/opt/q], tier: note'],
  ['eleven minutes', 'about: x, argv: [/opt/q], timeout: 11m'],
  ['another service', 'about: x, argv: [/opt/q], service: payments'],
])('an action with %s is refused', (_, rest) => {
  const service = rest.includes('service:') ? '' : 'service: checkout, ';
  expect(mistakes(`actions: [{name: x, ${service}${rest}}]\n`).length).toBeGreaterThan(0);
});

test('a program that others can change, or a secret that others can read, keeps the server from starting', () => {
  chmodSync(program, 0o777);
  chmodSync(join(dir, 'key'), 0o644);
  expect(mistakes(actions(`, env: {QUEUE_KEY: 'file:key'}`))).toEqual([
    expect.stringMatching(
      /actions\[0\]\.argv\[0\]: DIR\/queue can be changed by others; chmod go-w DIR\/queue/,
    ),
    'firebreak.yaml:5  actions[0].env.QUEUE_KEY: DIR/key can be read by others; chmod 600 DIR/key',
  ]);
});

test('an Alertmanager that may be silenced is one more thing that can be changed, with a credential of its own', () => {
  const text = `sources: {am: {kind: alertmanager, token: 'file:key', silence: {url: http://127.0.0.1:9093, act_token: 'file:act'}}}\n`;
  expect(mistakes(text)).toEqual([
    'firebreak.yaml:4  sources.am.silence.act_token: there is no file DIR/act',
  ]);
  writeFileSync(join(dir, 'act'), 'for silences\n', { mode: 0o600 });
  const config = load(text);
  expect([...config.silencers]).toEqual([
    ['am', { url: 'http://127.0.0.1:9093', token: null, actToken: 'file:act' }],
  ]);
  expect([...(createWorld(config, realClock).world.silences ?? [])].map(([source]) => source)).toEqual([
    'am',
  ]);
  const acting = openActWorld({ path: config.file, digest: config.digest }, realClock);
  expect([...(acting.world.silences ?? [])].map(([source]) => source)).toEqual(['am']);
  expect(acting.world.programs).toBeUndefined();
});

test('a service without a workload, an action or an Alertmanager has nothing to change', () => {
  expect(mistakes('')).toEqual([
    'firebreak.yaml:3  services[0].mode: act needs a workload: there is nothing to change',
  ]);
});
