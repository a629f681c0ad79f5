import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseNotes } from '#audit/kept-checkpoints.ts';
import { newestCheckpoint } from '#audit/newest-checkpoint.ts';
import { type EntryProof, type GrowthProof, proveEntry, proveGrowth } from '#audit/prove.ts';
import { verifierFile } from '#audit/verifier-file.ts';
import { FirebreakError, messageOf } from '#core/errors.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { dataDirOf } from '../data-dir.ts';
import { logIn } from '../offline.ts';
import { textOrFile } from '../text-or-file.ts';

export type ProveFlags = Common & { readonly from?: string; readonly out?: string };

/** Proves one entry, or that the log only grew since a checkpoint; the proof is checked without Firebreak. */
export async function prove(
  seq: string | undefined,
  options: ProveFlags,
  context: Context,
): Promise<Outcome> {
  const json = await proofOf(seq, options, context);
  if (options.out === undefined) return { lines: [JSON.stringify(json, null, 2)], json };
  const file = resolve(context.cwd, options.out);
  const verifier = join(dirname(file), 'verify-proof.mjs');
  try {
    writeFileSync(file, `${JSON.stringify(json, null, 2)}\n`);
    if (!existsSync(verifier)) copyFileSync(verifierFile, verifier);
  } catch (error) {
    throw new FirebreakError('usage', `cannot write ${file}: ${messageOf(error)}`);
  }
  return { lines: [`written: ${file}`, `anybody can check it: node ${verifier} ${file}`], json };
}

function proofOf(
  seq: string | undefined,
  options: ProveFlags,
  context: Context,
): Promise<EntryProof | GrowthProof> {
  if ((seq === undefined) === (options.from === undefined))
    throw new FirebreakError('usage', 'name an entry, like 12, or a checkpoint with --from');
  const dir = logIn(dataDirOf(options, context));
  if (options.from === undefined) return proveEntry(dir, entryNumber(seq ?? ''));
  const from = parseNotes(textOrFile(options.from, context)).notes.at(-1);
  if (from === undefined) throw new FirebreakError('usage', 'there is no checkpoint in what --from names');
  return proveGrowth(dir, from);
}

function entryNumber(text: string): number {
  if (/^(0|[1-9]\d{0,14})$/.test(text)) return Number(text);
  throw new FirebreakError('usage', 'an entry is named by its number, like 12');
}

/** Prints the newest checkpoint, unverified, for keeping it where nobody who can change the log can change it. */
export async function printCheckpoint(options: Common, context: Context): Promise<Outcome> {
  const dir = logIn(dataDirOf(options, context));
  const found = await newestCheckpoint(dir);
  if (found === undefined) throw new FirebreakError('not_found', `there is no checkpoint in ${dir}`);
  return { lines: found.note.trimEnd().split('\n'), json: found };
}
