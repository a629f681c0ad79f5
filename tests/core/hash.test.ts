import { expect, test } from 'vitest';
import { sha256, taggedHash } from '#core/hash.ts';

test('SHA-256 is that of the published test vector, for text and bytes', () => {
  const digest = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  expect(sha256('abc')).toBe(digest);
  expect(sha256(Buffer.from('abc'))).toBe(digest);
});

test('a tagged hash covers the tag and the canonical text, and nothing of the key order', () => {
  expect(taggedHash('t/v1', { b: 1, a: [null] })).toBe(sha256('t/v1\0{"a":[null],"b":1}'));
  expect(taggedHash('t/v1', { a: [null], b: 1 })).toBe(taggedHash('t/v1', { b: 1, a: [null] }));
  expect(taggedHash('t/v2', { b: 1, a: [null] })).not.toBe(taggedHash('t/v1', { b: 1, a: [null] }));
});
