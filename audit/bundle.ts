import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { JsonObject } from '#core/canonical.ts';
import { FirebreakError } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import type { IncidentId } from '#core/ids.ts';
import type { Entry } from './log.ts';
import { makePrivateDir } from './private-files.ts';
import { type ProvenEntries, proveEntries } from './prove.ts';
import { readOpened } from './read-opened.ts';
import { verifierFile } from './verifier-file.ts';

export type BundleRequest = {
  /** The data directory. */
  readonly dir: string;
  readonly incident: IncidentId;
  /** All entries of the incident, in order. */
  readonly entries: readonly Entry[];
  /** Folder to write; must not hold anything yet. */
  readonly out: string;
  /** Whether to put the contents of calls in, as far as their keys are still there. */
  readonly payloads: boolean;
  /** More files for people, by name. */
  readonly pages: ReadonlyMap<string, string>;
};

/** `erased`: contents that nobody can read any more. */
export type Bundle = {
  readonly entries: number;
  readonly files: number;
  readonly payloads: number;
  readonly erased: number;
  /** Entries that the whole log had at the checkpoint under which all are proved. */
  readonly size: number;
  readonly root: string;
};

/**
 * Writes the entries of one incident with a proof for each under one checkpoint, the log's first key, the program that
 * checks them, and a manifest with the hash of every file; the manifest last, so that half a bundle is none. Throws
 * `usage` for a folder that is not empty, and like `proveEntries`.
 */
export async function writeBundle(request: BundleRequest): Promise<Bundle> {
  const { dir, entries, out, incident } = request;
  if (existsSync(out) && readdirSync(out).length > 0)
    throw new FirebreakError('usage', `${out} is not empty; name a folder that is not there yet`);
  const proven = await proveEntries(
    dir,
    entries.map(({ seq }) => seq),
  );
  const { size, root } = proven.checkpoint;
  makePrivateDir(out);
  const files = new Map<string, string | Buffer>([
    ...request.pages,
    ['entries.jsonl', proven.entries.map(({ entry }) => `${entry}\n`).join('')],
    ['proofs.json', JSON.stringify(proofsOf(proven))],
    ['log.pub', `${proven.key}\n`],
    ['verify-proof.mjs', readFileSync(verifierFile)],
  ]);
  const written = [...files].map(([name, content]) => writeOut(out, name, content));
  const opened = request.payloads ? await writePayloads(request) : { files: [], payloads: 0, erased: 0 };
  const list = [...written, ...opened.files];
  const manifest = { format: 'firebreak-bundle/v1', incident, size, root, files: list };
  writeOut(out, 'manifest.json', `${JSON.stringify(manifest, null, 2)}\n`);
  const { payloads, erased } = opened;
  return { entries: entries.length, files: list.length, payloads, erased, size, root };
}

function proofsOf({ key, rotations, entries }: ProvenEntries): JsonObject {
  return {
    format: 'firebreak-proofs/v1',
    key,
    rotations: [...rotations],
    proofs: entries.map(({ proof }) => proof),
  };
}

type Listed = { name: string; bytes: number; sha256: string };

function writeOut(out: string, name: string, content: string | Buffer): Listed {
  const bytes = Buffer.from(content);
  const path = join(out, name);
  makePrivateDir(dirname(path));
  writeFileSync(path, bytes, { mode: 0o600, flag: 'wx' });
  return { name, bytes: bytes.length, sha256: sha256(bytes) };
}

/** Each content with its ciphertext and the key of that ciphertext alone, so that the one can be checked by the other. */
async function writePayloads({ dir, out, entries }: BundleRequest) {
  const files: Listed[] = [];
  let [payloads, erased] = [0, 0];
  for (const { seq, incidentId, payloads: refs } of entries) {
    for (const [at, ref] of refs.entries()) {
      const opened = await readOpened({ dir, incidentId, ref });
      if (opened === undefined) {
        erased += 1;
        continue;
      }
      payloads += 1;
      const stem = `payloads/${seq}-${at}`;
      files.push(writeOut(out, `${stem}.sealed`, opened.frame));
      files.push(writeOut(out, `${stem}.key`, opened.key));
      files.push(writeOut(out, `${stem}.content`, opened.content));
    }
  }
  return { files, payloads, erased };
}
