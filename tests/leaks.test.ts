import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { harmless, planted } from './core/redact-corpus.ts';
import { findLeaks, keptFiles } from './leaks.ts';

/** A value that a vendor would make, in one piece and of one alphabet. */
const generated = planted.filter(({ secret }) => /^(?=.*\d)(?=.*[A-Za-z])[\w+/=.-]{16,}$/.test(secret));

test('a secret in any file is found with its line, and its value is not repeated', () => {
  expect(generated.length).toBeGreaterThan(30);
  for (const { name, secret, text } of generated) {
    const found = findLeaks([{ path: 'docs/a.md', text: `first line\n${text}\n` }]);
    expect.soft(found.length, name).toBeGreaterThan(0);
    expect.soft(found[0], name).toMatch(/^docs\/a\.md:\d: looks like a secret \([0-9a-f]{12}\); revoke it/);
    expect.soft(found.join(), name).not.toContain(secret.slice(0, 10));
  }
});

test.each([
  ...harmless,
  'token: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"',
  'bot_token: file:/run/firebreak/slack-bot-2.token',
  'readonly token: () => string;',
  'const secret = new Secret(readFileSync(path)); // password: see line 12',
  'token: env:SLACK_BOT_TOKEN_2026_FOR_PROD',
])('what says where a secret lies, or only its name, is none: %s', (text) => {
  expect(findLeaks([{ path: 'a.ts', text }])).toEqual([]);
});

test('without version control every file is looked at, but for what is installed or made', () => {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-leaks-'));
  try {
    mkdirSync(join(dir, 'node_modules'));
    for (const path of ['node_modules/a.js', 'Dockerfile', 'b.png']) writeFileSync(join(dir, path), 'x');
    expect(keptFiles(dir).map(({ path }) => path)).toEqual(['Dockerfile']);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
