import fc from 'fast-check';
import { expect, test } from 'vitest';
import { REDACTED, redact } from '#core/redact.ts';

// Put together here so that no scanner mistakes the corpus for real keys.
const body = 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4';
const secrets: Record<string, string> = {
  anthropic: `sk-ant-api03-${body}-${body}`,
  openai: `sk-proj-${body}`,
  'openai classic': `sk-${body}`,
  'github classic': `ghp_${body}`,
  'github app': `ghs_${body}`,
  'github fine-grained': `github_pat_${body}_${body}`,
  'slack bot': `xoxb-1234567890-${body}`,
  'slack app': `xapp-1-${body}`,
  aws: `AKIA${'ABCDEFGH12345678'}`,
  pagerduty: `u+${'AbCdEfGhIjKlMnOpQr'}`,
  jwt: `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.${body}`,
};

test.each(Object.entries(secrets))('removes a secret of format %s from a log line', (_, secret) => {
  const clean = redact(`2026-01-05 calling upstream with ${secret}, then retrying`);
  expect(clean).not.toContain(secret.slice(-12));
  expect(clean).toContain(REDACTED);
  expect(clean).toContain('calling upstream with');
  expect(clean).toContain('then retrying');
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
  ["secret='a b c d'", 'b c d', 'secret='],
  ['sent Bearer abcdef123456ghijk', 'abcdef123456ghijk', 'sent Bearer '],
  ['https://hooks.slack.com/services/T000/B000/abcdefgh', 'abcdefgh', 'hooks.slack.com/services/'],
])('removes the secret part of %s and keeps the rest', (line, gone, stays) => {
  expect(redact(line)).not.toContain(gone);
  expect(redact(line)).toContain(stays);
});

test('removes a private key, also one that is cut off', () => {
  const key = `-----BEGIN RSA PRIVATE KEY-----\n${body}\n${body}\n-----END RSA PRIVATE KEY-----`;
  expect(redact(`a ${key} b`)).toBe(`a ${REDACTED} b`);
  expect(redact(`a ${key.slice(0, 60)}`)).toBe(`a ${REDACTED}`);
});

test.each([
  'TypeError: Cannot read properties of undefined (reading "amount")',
  'disk-usage-of-the-volume-is-at-90-percent',
  'used 200 tokens: fine, max_tokens: 4000',
  'GET https://example.com/a?b=c#d 503 in 12 ms',
  'service:checkout deploy:checkout@-1 e12 INC-3 v41',
  'bearer authentication failed',
])('leaves ordinary text alone: %s', (line) => {
  expect(redact(line)).toBe(line);
});

test('redacting twice changes nothing more', () => {
  const parts = fc.constantFrom(
    ...Object.values(secrets),
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
