import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodings } from '#core/decodings.ts';
import { REDACTED, redact } from '#core/redact.ts';
import { encodings, harmless, planted } from './redact-corpus.ts';

/** Whether a part of the secret that is long enough to be of use is still there, in any writing. */
function isLeftIn(text: string, secret: string): boolean {
  const parts = Array.from({ length: Math.max(secret.length - 9, 1) }, (_, at) => secret.slice(at, at + 10));
  return decodings(text).some((view) => parts.some((part) => view.text.includes(part)));
}

test.each(planted.map((one) => [one.name, one] as const))(
  'removes a secret of format %s from a log line',
  (_, { secret, text }) => {
    expect(isLeftIn(text, secret)).toBe(true);
    for (const [way, write] of Object.entries(encodings)) {
      const line = `2026-01-05 calling upstream with ${write(text)} then retrying`;
      const clean = redact(line);
      expect.soft(clean, way).toContain(REDACTED);
      expect.soft(isLeftIn(clean, secret), way).toBe(false);
      expect.soft(clean, way).toMatch(/^2026-01-05 calling upstream with /);
    }
  },
);

test.each(harmless)('leaves ordinary text alone: %s', (line) => {
  expect(redact(line)).toBe(line);
});

test.each([
  ['postgres://shop:s3cr/et@db:5432/shop', 's3cr', '@db:5432/shop'],
  ['https://user:pa55word@example.com/x', 'pa55word', '@example.com/x'],
  ['redis://:pa55word@cache:6379', 'pa55word', '@cache:6379'],
  ['password=correct', 'correct', 'password='],
  ['{"password": "correct horse", "user": "bob"}', 'horse', '"user": "bob"'],
  ['{\\"api_key\\":\\"abc123def\\",\\"n\\":1}', 'abc123def', '\\"n\\":1'],
  ['DB_PASSWORD: abc123', 'abc123', 'DB_PASSWORD: '],
  ['Authorization: Bearer abc123def456', 'abc123def456', 'Authorization: Bearer '],
  ['Authorization: Token token=y_NbAkKc66ryYTWUXYEu', 'y_NbAkKc66', 'Authorization: Token'],
  ['- name: DB_PASSWORD\n  value: abc123\n- name: LOG', 'abc123', '\n- name: LOG'],
  ['pass\u200bword\ufeff=abc123', 'abc123', '='],
  ["secret='a b c d'", 'b c d', 'secret='],
  ['sent Bearer abcdef123456ghijk', 'abcdef123456ghijk', 'sent Bearer '],
  ['https://hooks.slack.com/services/T000/B000/abcdefgh', 'abcdefgh', 'hooks.slack.com/services/'],
])('removes the secret part of %s and keeps the rest', (line, gone, stays) => {
  expect(redact(line)).not.toContain(gone);
  expect(redact(line)).toContain(stays);
});

test('removes a private key, also one that is cut off', () => {
  const key = planted.find(({ name }) => name === 'RSA PRIVATE KEY')?.text ?? '';
  expect(redact(`a ${key} b`)).toBe(`a ${REDACTED} b`);
  expect(redact(`a ${key.slice(0, 60)}`)).toBe(`a ${REDACTED}`);
});

test('redacting twice changes nothing more', () => {
  const parts = fc.constantFrom(
    ...planted.map(({ text }) => text),
    'password=',
    '"token": "',
    '://a:b@c',
    ' ',
    '"',
    '\\',
    '\n',
    'x',
  );
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 12 }), (words) => {
      const once = redact(words.join(''));
      expect(redact(once)).toBe(once);
    }),
  );
});

test.each([
  'eyJ',
  '-eyJaaaaaaaa',
  'sk-',
  'password="\\',
  '://',
  '-----BEGIN ',
  '-----BEGIN A PRIVATE KEY-----',
  'bearer ',
  'xox',
  'postgres://',
  "secret='",
  'token: ',
  'a.',
  'token\\"',
  '%74oken%3d',
  '\\u0073',
  '&#x',
  '%25',
  '--token ',
  'basic aA',
])('half a megabyte of %s takes no more than linear time', (piece) => {
  const took = (size: number): number => {
    const text = piece.repeat(Math.ceil(size / piece.length));
    const began = performance.now();
    redact(text);
    return performance.now() - began;
  };
  took(10_000);
  // Quadratic time would take minutes here.
  expect(took(500_000)).toBeLessThan(5000);
});
