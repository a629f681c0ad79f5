import { expect, test } from 'vitest';
import { readModule } from './source.ts';
import { checkStyle, isLoopback } from './style.ts';
import { readTree } from './tree.ts';

const modules = readTree(['.ts', '.js']).map(readModule);

function check(path: string, text: string): string[] {
  return checkStyle([readModule({ path, text })]);
}

test('no file uses a banned word or knows the address of another machine', () => {
  expect(modules.length).toBeGreaterThan(60);
  expect(checkStyle(modules)).toEqual([]);
});

test.each([
  'let a: any;',
  'const a = (b as any).c;',
  'function f<T = any>() {}',
  'enum Colour { red }',
  'const enum Colour { red }',
  'namespace a {}',
  'export default 1;',
  'export default function f() {}',
  'export default class {}',
  'const a = 1; export { a as default };',
  `export * from './b.ts';`,
  'const a = b!.c;',
])('a banned word is found: %s', (text) => {
  expect(check('core/a.ts', text)).toHaveLength(1);
});

test.each([
  `const any = 'any enum default';`,
  'switch (a) { default: break; }',
  'function f(a = 1) { return !a; }',
  'export { a };',
])('ordinary code passes: %s', (text) => {
  expect(check('core/a.ts', text)).toEqual([]);
});

test('an address of another machine is found in any kind of string, and only outside the tests', () => {
  for (const text of [
    `'https://api.vendor.com/v1'`,
    '`http://10.0.0.1:80/$' + '{path}`',
    '"wss://hub.vendor.com"',
  ])
    expect(check('core/a.ts', `const a = ${text};`)).toHaveLength(1);
  expect(check('core/a.ts', '// see https://www.rfc-editor.org/rfc/rfc8785')).toEqual([]);
  expect(
    check('core/a.ts', 'const a = [`http://$' + '{host}/x`, "http://127.0.0.1:1/", "http://[::1]/"];'),
  ).toEqual([]);
  expect(check('tests/a.test.ts', `const a = 'http://example.com';`)).toEqual([]);
});

test('only names of this machine count as loopback', () => {
  for (const host of ['localhost', '127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])
    expect(isLoopback(host)).toBe(true);
  for (const host of ['127.0.0.1.evil.com', 'localhost.evil.com', '0.0.0.0', '10.0.0.1', '', '1270.0.0.1'])
    expect(isLoopback(host)).toBe(false);
});
