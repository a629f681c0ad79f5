import { globSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { findCycles } from './cycles.ts';
import { checkDoors, doors, looseFiles, openFolders, roomOf } from './doors.ts';
import { readModule } from './source.ts';
import { readTree, root } from './tree.ts';

const modules = readTree(['.ts', '.js']).map(readModule);
const manifest = z.object({ dependencies: z.record(z.string(), z.string()) });
const packages = Object.keys(
  manifest.parse(JSON.parse(readTree(['package.json'])[0]?.text ?? '')).dependencies,
);

function check(path: string, text: string, declared: readonly string[] = packages): string[] {
  return checkDoors([readModule({ path, text })], declared);
}

test('every room imports only what the table lists', () => {
  expect(checkDoors(modules, packages)).toEqual([]);
});

test('no file takes part in an import cycle', () => {
  expect(findCycles(modules)).toEqual([]);
});

test('the check saw every module there is', () => {
  const skipped = ['node_modules', '.firebreak', 'results', 'coverage'];
  const onDisk = globSync('**/*.{ts,js}', { cwd: root, exclude: (path) => skipped.includes(path) });
  expect(modules.map((module) => module.path).sort()).toEqual(onDisk.sort());
  expect(modules.filter((module) => Object.hasOwn(doors, roomOf(module.path))).length).toBeGreaterThan(60);
});

test('the table names only rooms it has doors for', () => {
  const known = [...Object.keys(doors), ...openFolders];
  const named = Object.values(doors).flatMap((door) => [
    ...door.may,
    ...(door.lazy ?? []),
    ...(door.never ?? []),
  ]);
  expect(named.filter((place) => !known.includes(roomOf(place)))).toEqual([]);
  expect(looseFiles).toEqual(['vitest.config.ts']);
});

test.each([
  ['a static import', `import { x } from '#slack/x.ts';`],
  ['a type import', `import type { X } from '#slack/x.ts';`],
  ['an import for its effect', `import '#slack/x.ts';`],
  ['a relative path out of the room', `import { x } from '../slack/x.ts';`],
  ['a re-export', `export { x } from '#slack/x.ts';`],
  ['a star re-export', `export * from '#slack/x.ts';`],
  ['an import()', `const x = await import('#slack/x.ts');`],
  ['an import() of a template', 'const x = await import(`#slack/x.ts`);'],
  ['an import type', `let x: import('#slack/x.ts').X;`],
  ['an import over lines', `import {\n  x,\n} from\n  '#slack/x.ts';`],
])('a room that must not is caught with %s', (_, text) => {
  expect(check('tools/a.ts', text)).toEqual([`tools/a.ts:1: tools must not import slack/x.ts`]);
});

test('text that only looks like an import is not one', () => {
  expect(check('core/a.ts', `// import '#slack/x.ts'\nexport const a = "import '#slack/x.ts'";`)).toEqual([]);
});

test('an import whose path is computed is refused', () => {
  expect(check('server/a.ts', 'await import(name);')).toEqual([
    'server/a.ts:1: imports a path that is put together at run time',
  ]);
});

test('a door for import() only is closed to a static import', () => {
  expect(check('cli/a.ts', `await import('#server/main.ts');`)).toEqual([]);
  expect(check('cli/a.ts', `import '#server/main.ts';`)).toEqual([
    'cli/a.ts:1: cli may import server/main.ts only by import()',
  ]);
  expect(check('demo/a.ts', `await import('#tests/fakes/slack.ts');`)).toEqual([]);
  expect(check('demo/a.ts', `await import('#tests/journeys/one.ts');`)).toHaveLength(1);
});

test('evals may import the server but not its entry', () => {
  expect(check('evals/a.ts', `import '#server/wire.ts';`)).toEqual([]);
  expect(check('evals/a.ts', `import '#server/main.ts';`)).toEqual([
    'evals/a.ts:1: evals must not import server/main.ts',
  ]);
});

test('a folder that the table does not name is refused', () => {
  expect(check('plugins/a.ts', '')).toEqual([
    'plugins/a.ts: the doors table does not name the folder plugins',
  ]);
  expect(check('loose.ts', '')).toHaveLength(1);
  expect(check('constructor/a.ts', '')).toHaveLength(1);
});

test('a package that is not a declared dependency is refused, a part of Node is not', () => {
  expect(check('core/a.ts', `import { z } from 'zod/mini'; import 'node:fs';`)).toEqual([]);
  expect(check('core/a.ts', `import 'left-pad';`)).toEqual(['core/a.ts:1: package left-pad is not declared']);
});

test.each([
  ['audit/a.ts', `import A from '@anthropic-ai/sdk';`],
  ['llm/anthropic.ts', `import 'openai/helpers/zod';`],
  ['sessions/run.ts', `import Q from 'p-queue';`],
  ['server/a.ts', `import '@slack/bolt';`],
  ['cli/serve.ts', 'process.env.HOME;'],
  ['cli/serve.ts', `process['env'];`],
  ['cli/serve.ts', 'const { env } = process;'],
  ['cli/serve.ts', `import { env as e } from 'node:process';`],
  ['tools/act/a.ts', `import { spawn } from 'node:child_process';`],
  ['server/a.ts', `await import('node:child_process');`],
  ['sessions/a.ts', 'await tool.perform(args);'],
  ['sessions/a.ts', 'await tool?.perform(args);'],
  ['sessions/a.ts', 'const { perform } = tool;'],
  ['sessions/a.ts', 'function run({ perform: go }) {}'],
  ['tools/invoke.ts', 'Permit.mint(fields);'],
  ['server/a.ts', 'Date.now();'],
  ['server/a.ts', 'const now = Date.now;'],
  ['server/a.ts', 'new Date();'],
  ['server/a.ts', 'performance.now();'],
  ['server/a.ts', 'Math.random();'],
  ['server/a.ts', `import { randomUUID as id } from 'node:crypto';`],
  ['server/a.ts', 'crypto.getRandomValues(bytes);'],
  ['server/a.ts', 'setTimeout(f, 1);'],
  ['server/a.ts', 'const later = setTimeout;'],
  ['server/a.ts', 'AbortSignal.timeout(5);'],
  ['server/a.ts', `import { setTimeout } from 'node:timers/promises';`],
  ['core/a.ts', 'eval(text);'],
  ['core/a.ts', 'new Function(text);'],
  ['core/a.ts', 'globalThis.eval(text);'],
  ['core/a.ts', `import vm from 'node:vm';`],
  ['core/a.ts', `require('node:fs');`],
  ['server/a.ts', 'await fetch(url);'],
  ['core/a.ts', 'await globalThis.fetch(url);'],
  ['tools/drivers/a.ts', 'const { send = fetch } = settings;'],
  ['tools/drivers/a.ts', 'const ask = { send: given ?? fetch };'],
  ['slack/a.ts', 'authorised(fetch, token);'],
  ['slack/a.ts', 'new WebSocket(url);'],
  ['tools/drivers/a.ts', `import { request } from 'node:https';`],
  ['server/a.ts', `await import('node:tls');`],
  ['server/a.ts', `import { resolve4 } from 'node:dns/promises';`],
  ['tools/drivers/kubernetes/client.ts', `import { Agent } from 'undici';`],
])('what has an owner is caught elsewhere: %s %s', (path, text) => {
  expect(check(path, text, [...packages, '@slack/bolt'])).toHaveLength(1);
});

test.each([
  ['llm/openai.ts', `import OpenAI from 'openai';`],
  ['slack/app.ts', `import '@slack/bolt';`],
  ['server/config.ts', 'process.env.HOME;'],
  ['server/executor/child.ts', `import { spawn } from 'node:child_process';`],
  ['server/executor/perform.ts', 'tool.perform(order);'],
  ['approvals/gate.ts', 'Permit.mint(fields);'],
  ['core/clock.ts', 'Date.now(); setTimeout(f, 1);'],
  ['demo/shop/a.ts', 'setTimeout(f, 1);'],
  ['tools/drivers/a.ts', 'const { fetch } = createEgress(rules); type Send = typeof globalThis.fetch;'],
  ['core/egress.ts', `import { request } from 'node:http';`],
  ['server/a.ts', 'new Date(0); deps.clock.now(); deps.random.uuid();'],
  ['tools/read/a.ts', 'export const tool = { async perform(args) { return args; } };'],
  ['tools/a.ts', 'export type Tool = { perform(): Function; setTimeout: number };'],
])('an owner, and what only looks like a use, is let through: %s %s', (path, text) => {
  expect(check(path, text, [...packages, '@slack/bolt'])).toEqual([]);
});

test('no file can switch the check of certificates off', () => {
  const files = readTree(['.ts', '.js']).filter(({ path }) => !openFolders.includes(roomOf(path)));
  const weak =
    /rejectUnauthorized['"]?\s*[:=](?!\s*true\b)|skipTLSVerify['"]?\s*[:=](?!\s*false\b)|env\W+NODE_TLS_REJECT|secureOptions|TLSv1(\.1)?['"]/;
  expect(files.filter(({ text }) => weak.test(text)).map(({ path }) => path)).toEqual([]);
  for (const text of ['rejectUnauthorized: false', '"rejectUnauthorized": no', "minVersion: 'TLSv1'"])
    expect(text).toMatch(weak);
});

test('a cycle is reported with the files on it, also one of types and import()', () => {
  const files = [
    { path: 'core/a.ts', text: `import './b.ts';` },
    { path: 'core/b.ts', text: `import type { C } from '#core/c.ts';` },
    { path: 'core/c.ts', text: `await import('./b.ts');` },
  ];
  expect(findCycles(files.map(readModule))).toEqual([['core/b.ts', 'core/c.ts', 'core/b.ts']]);
});
