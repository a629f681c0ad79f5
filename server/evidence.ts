import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '#audit/log.ts';
import { makePrivateDir } from '#audit/private-files.ts';
import { messageOf } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import type { Digest } from '#core/ids.ts';
import { inert } from '#core/inert.ts';
import { redact } from '#core/redact.ts';
import type { Finding } from '#doctor/examine.ts';
import type { Facts } from '#doctor/facts.ts';

/** So many are kept; the oldest goes first. */
export const MOST_EVIDENCE = 20;
const ENTRIES = 200;
const MOST_BYTES = 512 * 1024;

export type EvidenceInput = {
  readonly dataDir: string;
  /** The check that raised it. */
  readonly check: string;
  readonly facts: Facts;
  readonly findings: readonly Finding[];
  readonly configDigest: Digest | null;
  readonly log: Pick<Log, 'read' | 'size' | 'checkpoint'>;
};

export type Kept = { readonly folder: string; readonly manifest: Digest };

/**
 * Keeps what is seen at this moment in a folder beside the log: the findings, who listens, the last entries without
 * secrets as far as the log can be read, the newest checkpoint, a manifest with the hash of each file, and the same as
 * `sha256sum -c` reads it. The folder appears whole or not at all. Rejects when it cannot be written.
 */
export async function keepEvidence(input: EvidenceInput): Promise<Kept> {
  const { dataDir, check, facts, findings, log } = input;
  const root = join(dataDir, 'evidence');
  makePrivateDir(root);
  const folder = freeName(root, `${stampOf(facts.now)}-${slugOf(check)}`);
  const { size, root: hash, note } = log.checkpoint();
  const files = new Map([
    ['doctor.json', pretty({ checks: findings })],
    ['listeners.json', pretty(facts.sockets)],
    ['config.json', pretty({ digest: input.configDigest, file: facts.config })],
    ['entries.txt', await lastEntries(log)],
    ['checkpoint.txt', note],
  ]);
  const listed = [...files].map(([name, text]) => ({
    name,
    bytes: Buffer.byteLength(text),
    sha256: sha256(text),
  }));
  const manifest = pretty({
    ...{ format: 'firebreak-evidence/v1', check, at: facts.now, log: { size, root: hash }, files: listed },
  });
  const sums = [...listed, { name: 'manifest.json', sha256: sha256(manifest) }]
    .map(({ name, sha256: sum }) => `${sum}  ${name}\n`)
    .join('');
  const part = join(root, `.part-${folder}`);
  makePrivateDir(part);
  for (const [name, text] of [...files, ['manifest.json', manifest] as const, ['SHA256SUMS', sums] as const])
    writeFileSync(join(part, name), text, { mode: 0o600, flag: 'wx' });
  renameSync(part, join(root, folder));
  prune(root);
  return { folder, manifest: sha256(manifest) };
}

const pretty = (value: unknown): string => `${redact(JSON.stringify(value, null, 2))}\n`;

async function lastEntries(log: EvidenceInput['log']): Promise<string> {
  const lines: string[] = [];
  try {
    for await (const entry of log.read(Math.max(0, log.size() - ENTRIES)))
      lines.push(inert(redact(JSON.stringify(entry))));
  } catch (error) {
    lines.push(`here the log cannot be read: ${inert(redact(messageOf(error)))}`);
  }
  let bytes = 0;
  const kept = lines.toReversed().filter((line) => {
    bytes += Buffer.byteLength(line) + 1;
    return bytes <= MOST_BYTES;
  });
  return kept
    .toReversed()
    .map((line) => `${line}\n`)
    .join('');
}

/** `20261121T120000Z`: sorts like the time. */
const stampOf = (at: number): string => new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
const slugOf = (text: string): string => text.replace(/[^A-Za-z0-9-]+/g, '-').slice(0, 60);

function freeName(root: string, name: string): string {
  let free = name;
  for (let next = 2; existsSync(join(root, free)); next += 1) free = `${name}-${next}`;
  return free;
}

/** What a process that died left half written goes too. */
function prune(root: string): void {
  const names = readdirSync(root).toSorted();
  const old = names.filter((name) => !name.startsWith('.part-')).slice(0, -MOST_EVIDENCE);
  for (const name of [...old, ...names.filter((name) => name.startsWith('.part-'))])
    rmSync(join(root, name), { recursive: true, force: true });
}
