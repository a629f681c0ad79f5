import { expect, test } from 'vitest';
import { newSignerKey, parseSignerKey, parseVerifierKey } from '#audit/signed-note.ts';

test('a key of the Go implementation makes the same note', async () => {
  const key = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
  const publicKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
  const text =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
  const note = `${text}\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;
  const signer = parseSignerKey(key);
  expect(signer?.verifierKey).toBe(publicKey);
  expect(signer?.sign(text)).toBe(note);
  expect(await parseVerifierKey(publicKey)?.verify(text, note)).toBe(true);
});

test('a note in any other spelling, with another text or of another key is refused', async () => {
  const signer = parseSignerKey(newSignerKey('log', Buffer.alloc(32, 7)));
  const other = parseSignerKey(newSignerKey('log', Buffer.alloc(32, 8)));
  const verifier = parseVerifierKey(signer?.verifierKey ?? '');
  const note = signer?.sign('a\n') ?? '';
  expect(await verifier?.verify('a\n', note)).toBe(true);
  const spellings = [
    `${note}\n`,
    note.trimEnd(),
    note.replace('=', ''),
    note.replace(/.=\n$/, 'Z=\n'),
    `x${note}`,
  ];
  for (const spelling of [...spellings, other?.sign('a\n') ?? '', signer?.sign('b\n') ?? '', '']) {
    expect(await verifier?.verify('a\n', spelling)).toBe(false);
  }
});

test.each([
  '',
  'name',
  'PRIVATE+KEY+a+00000000+AQ==',
  'a+00000000+AVzjp5bfBNEXBf0UyOsTi3OOYYqr0z3JMk6TbB5iJPxq',
])('text that is no key is refused: %s', (text) => {
  expect(parseSignerKey(text)).toBeUndefined();
  expect(parseVerifierKey(text)).toBeUndefined();
});
