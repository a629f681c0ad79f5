import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { Secret } from '#core/secret.ts';

const secret = new Secret('hunter2-hunter2');

test('a secret is given only to who asks for it by name', () => {
  expect(secret.reveal()).toBe('hunter2-hunter2');
});

test('a secret refuses to become JSON, alone or inside something else', () => {
  expect(() => JSON.stringify(secret)).toThrow('secret');
  expect(() => JSON.stringify({ config: [{ token: secret }] })).toThrow('secret');
});

test('a secret refuses templates, joins and sums', () => {
  const unknown: unknown = secret;
  expect(() => `${unknown}`).toThrow('secret');
  expect(() => String(secret)).toThrow('secret');
  expect(() => [secret].join()).toThrow('secret');
});

test('inspection shows that there is a secret and not what it is', () => {
  const shown = inspect({ token: secret }, { depth: 9, showHidden: true });
  expect(shown).toContain('[secret]');
  expect(shown).not.toContain('hunter2');
  expect(Object.keys(secret)).toEqual([]);
});
