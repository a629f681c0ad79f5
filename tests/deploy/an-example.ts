import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Env } from '#server/config.ts';
import type { SourceFile } from '../source.ts';
import { readTree } from '../tree.ts';

/** A config in a folder of its own, with a made-up secret for each that it names. */
export type Placed = Disposable & { readonly dir: string; readonly file: string; readonly env: Env };

/**
 * Writes a config where it can be loaded: files of secrets that it names are made beside it, whatever folder it names for
 * them, and so are its runbooks and the program of its action.
 */
export function placeExample(text: string): Placed {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-example-'));
  const file = join(dir, 'firebreak.yaml');
  mkdirSync(join(dir, 'runbooks'));
  for (const name of secretFiles(text)) {
    writeFileSync(join(dir, name), `${madeUp(name)}\n`, { mode: 0o600 });
  }
  writeFileSync(join(dir, 'queue'), '#!/bin/sh\n', { mode: 0o700 });
  writeFileSync(
    file,
    text
      .replaceAll('/opt/ops/', `${dir}/`)
      .replace(/file:[^"'\s,\]}]*\/([^"'\s,\]}/]+)/g, 'file:./$1')
      .replace(/^runbooks: .*$/m, 'runbooks: ./runbooks'),
  );
  return { dir, file, env: environmentOf(text), [Symbol.dispose]: () => rmSync(dir, { recursive: true }) };
}

/** Names, without their folders, of the files of secrets that a config names. */
export function secretFiles(text: string): string[] {
  const found = [...text.matchAll(/file:[^"'\s,\]}]*\/([^"'\s,\]}/]+)/g)].map(([, name = '']) => name);
  return [...new Set(found)].sort();
}

function environmentOf(text: string): Env {
  const names = [...text.matchAll(/\benv:([A-Za-z_][A-Za-z0-9_]*)/g)].map(([, name = '']) => name);
  return Object.fromEntries(names.map((name) => [name, madeUp(name)]));
}

/** Of the shape that whoever uses it asks for; put together here, so that none stands in the tree. */
function madeUp(name: string): string {
  const plain = name.toLowerCase().replaceAll('_', '-');
  if (plain.startsWith('slack-bot')) return `xoxb-${'1'.repeat(24)}`;
  if (plain.startsWith('slack-app')) return `xapp-${'1'.repeat(24)}`;
  if (plain.startsWith('anthropic')) return `sk-ant-${'a'.repeat(40)}`;
  if (plain.startsWith('openai')) return `sk-${'a'.repeat(40)}`;
  if (plain.startsWith('github')) return `ghp_${'a'.repeat(36)}`;
  if (/^(pagerduty-routing|slack-signing)/.test(plain)) return 'a'.repeat(32);
  if (plain.startsWith('pagerduty-token') || plain === 'pagerduty.token') return 'a'.repeat(20);
  if (plain === 'pod-ip') return '10.0.0.5';
  return plain.includes('url') ? 'https://hooks.example/made-up' : `made-up-${plain}-${'a'.repeat(20)}`;
}

/**
 * The same config for a start on this machine: it listens here on a free port, each system that it names is this machine,
 * where nobody answers, its Slack is that of `slack`, and no token of it ends.
 */
export function startable(text: string, slack: { readonly apiUrl: string }): string {
  const listening = /^listen:/m.test(text) ? text : `listen: {port: 0}\n${text}`;
  return listening
    .replaceAll(/https?:\/\/[^/\s"',}\]]+/g, 'http://127.0.0.1:9')
    .replace('host: db.example,', 'host: 127.0.0.1, port: 9,')
    .replaceAll('2027-', '2099-')
    .replace(/host: (env:POD_IP|127\.0\.0\.1)/, 'host: 127.0.0.1')
    .replace('port: 7411', 'port: 0')
    .replace('/var/lib/firebreak-anchors/', './elsewhere-')
    .replace('team: T0123456789', 'team: T0FAKE')
    .replace('app: A0123456789', 'app: A0FAKE')
    .replace(/^slack:$/m, `slack:\n  api_url: ${slack.apiUrl}`);
}

/** The shipped example configs. */
export function examples(): SourceFile[] {
  return readTree(['.yaml']).filter(
    ({ path }) => path.startsWith('deploy/examples/') || path === 'deploy/kubernetes/config.yaml',
  );
}

/** A block of YAML in a page, as text and as what it says. */
export type Block = SourceFile & { readonly value: object };

/** Blocks of the pages that hold YAML; shortened hashes are filled in. */
export function blocksOfPages(): Block[] {
  return readTree(['.md']).flatMap(({ path, text }) =>
    [...text.matchAll(/^ *```yaml\n(.*?)^ *```$/gms)].flatMap(([, block = ''], at) => {
      const filled = block.replace(/sha256:[0-9a-f]*(?:\.\.\.|…)/g, `sha256:${'0'.repeat(64)}`);
      const value: unknown = parseAllDocuments(filled)[0]?.toJS();
      if (typeof value !== 'object' || value === null) return [];
      return [{ path: `${path}, block ${at + 1}`, text: filled, value }];
    }),
  );
}

/** Those of them that are a whole config: only such a one says who owns what has no owner. */
export function configsOfPages(): Block[] {
  return blocksOfPages().filter(({ value }) => 'default_owner' in value);
}
