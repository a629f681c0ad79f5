import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FirebreakError } from '#core/errors.ts';
import { checkpointText, isCheckpointLine, noteInLine, parseCheckpoint } from './checkpoint.ts';
import { parseEntryLine } from './entry-line.ts';
import type { Checkpoint } from './log.ts';
import { leafHash } from './merkle.ts';
import { collectNodes, consistencyRanges, inclusionRanges, type NodeRange } from './proof.ts';
import { rawLines } from './raw-lines.ts';
import { fileSize } from './segment-files.ts';
import { parseVerifierKey } from './signed-note.ts';
import { tlogConsistency, tlogProof } from './tlog-proof.ts';
import { logDirOf } from './verify.ts';

/** An entry's exact line, and its C2SP tlog-proof. */
export type ProvenEntry = { entry: string; proof: string };
/** The log's first key, and the entries by which each key named the next one. */
export type ProofKeys = { key: string; rotations: readonly ProvenEntry[] };
export type EntryProof = { format: 'firebreak-proof/v1' } & ProofKeys & ProvenEntry;
/** `from`: note of the older checkpoint; `proof`: old size, hashes and newer checkpoint as in C2SP tlog-witness. */
export type GrowthProof = { format: 'firebreak-consistency/v1' } & ProofKeys & {
    from: string;
    proof: string;
  };
export type ProvenEntries = ProofKeys & { checkpoint: Checkpoint; entries: readonly ProvenEntry[] };

/**
 * Proves entries of a log folder (or the data directory around it) under its newest checkpoint; reads every line twice,
 * and may be used while the log is written. Throws `not_found` for an entry that is not there (yet), `log_tampered` if
 * the lines do not give the checkpoint's root or its signature is wrong.
 */
export async function proveEntries(dir: string, seqs: readonly number[]): Promise<ProvenEntries> {
  const survey = await surveyOf(dir);
  const { size, note } = survey.newest;
  const missing = seqs.find((seq) => !Number.isSafeInteger(seq) || seq < 0 || seq >= size);
  if (missing !== undefined)
    throw new FirebreakError('not_found', `there is no entry ${missing}; the log holds 0 to ${size - 1}`);
  const wanted = seqs.map((index) => ({ index, size, note }));
  const proven = await hashOnce(survey, { proofs: wanted, nodes: [] });
  const { key } = survey;
  const entries = proven.entries.slice(0, wanted.length);
  return { key, rotations: proven.entries.slice(wanted.length), checkpoint: survey.newest, entries };
}

/** The document for one entry; see `proveEntries`. */
export async function proveEntry(dir: string, seq: number): Promise<EntryProof> {
  const { key, rotations, entries } = await proveEntries(dir, [seq]);
  const [proven = { entry: '', proof: '' }] = entries;
  return { format: 'firebreak-proof/v1', key, rotations, ...proven };
}

/**
 * Proves that the log only grew since an older checkpoint: that its newest checkpoint's tree begins with the older one's.
 * Whether the older root is the right one is left to whoever checks. Throws like `proveEntries`, and `usage` for a note
 * that is not a checkpoint of this log.
 */
export async function proveGrowth(dir: string, from: string): Promise<GrowthProof> {
  const survey = await surveyOf(dir);
  const { newest, key } = survey;
  const old = parseCheckpoint(from);
  if (!old || old.origin !== newest.origin || old.size < 1)
    throw new FirebreakError('usage', 'that is not a checkpoint of this log');
  if (old.size > newest.size)
    throw new FirebreakError(
      'not_found',
      `the log holds ${newest.size} entries, that checkpoint ${old.size}`,
    );
  const nodes = consistencyRanges(old.size, newest.size);
  const { entries, path } = await hashOnce(survey, { proofs: [], nodes });
  const proof = tlogConsistency({ old: old.size, path, note: newest.note });
  return { format: 'firebreak-consistency/v1', key, rotations: entries, from, proof };
}

type Wanted = { index: number; size: number; note: string };
type Survey = { logDir: string; key: string; newest: Checkpoint; rotations: readonly Wanted[] };

/** First reading: where the log ends, and which entries name a new key. */
async function surveyOf(dir: string): Promise<Survey> {
  const logDir = logDirOf(dir);
  if (fileSize(logDir, 'log.pub') === 0)
    throw new FirebreakError('not_found', `there is no log in ${logDir}`);
  const key = readFileSync(join(logDir, 'log.pub'), 'utf8').trim();
  const rotations: Wanted[] = [];
  const keys = [key];
  let [waiting, index]: [number[], number] = [[], 0];
  let newest: Checkpoint | undefined;
  for await (const { bytes } of rawLines(logDir)) {
    if (isCheckpointLine(bytes)) {
      const checkpoint = parseCheckpoint(noteInLine(bytes.toString('utf8')) ?? '');
      if (checkpoint?.size !== index) break;
      for (const rotation of waiting) rotations.push({ index: rotation, size: index, note: checkpoint.note });
      [waiting, newest] = [[], checkpoint];
      continue;
    }
    const next = nextKey(bytes);
    if (next !== undefined) {
      waiting.push(index);
      keys.push(next);
    }
    index += 1;
  }
  if (!newest) throw new FirebreakError('not_found', `there is no checkpoint in ${logDir}`);
  await checkSignature(newest, keys.slice(0, rotations.length + 1));
  return { logDir, key, newest, rotations };
}

const ROTATED = Buffer.from('"kind":"log.key_rotated"');

/** The key that a line names as the log's next one. */
function nextKey(bytes: Buffer): string | undefined {
  if (!bytes.includes(ROTATED)) return undefined;
  const parsed = parseEntryLine(bytes);
  if (parsed.kind === 'bad' || parsed.entry.kind !== 'log.key_rotated') return undefined;
  return typeof parsed.entry.body.newKey === 'string' ? parsed.entry.body.newKey : undefined;
}

async function checkSignature(
  { origin, size, root, note }: Checkpoint,
  keys: readonly string[],
): Promise<void> {
  const text = checkpointText(origin, size, Buffer.from(root, 'hex'));
  // The newest key, or the one before it when the rotation itself was sealed last.
  for (const key of keys.slice(-2)) if (await parseVerifierKey(key)?.verify(text, note)) return;
  throw new FirebreakError('log_tampered', 'the newest checkpoint is not signed by this log', {
    next: 'ask',
  });
}

/** Second reading: the lines and nodes that the proofs need, rotations last; the root must be that of the checkpoint. */
async function hashOnce(
  { logDir, newest, rotations }: Survey,
  { proofs, nodes }: { proofs: readonly Wanted[]; nodes: readonly NodeRange[] },
): Promise<{ entries: ProvenEntry[]; path: Buffer[] }> {
  const all = [...proofs, ...rotations];
  const whole = { from: 0, to: newest.size };
  const ranges = all.flatMap(({ index, size }) => inclusionRanges(index, size));
  const collector = collectNodes([whole, ...ranges, ...nodes]);
  const lines = new Map<number, string | undefined>(all.map(({ index }) => [index, undefined]));
  let index = 0;
  for await (const { bytes } of rawLines(logDir)) {
    if (isCheckpointLine(bytes)) continue;
    if (index === newest.size) break;
    collector.add(leafHash(bytes));
    if (lines.has(index)) lines.set(index, bytes.toString('utf8'));
    index += 1;
  }
  if (collector.node(whole)?.toString('hex') !== newest.root) throw mismatch(newest.size);
  const pathOf = (of: readonly NodeRange[]): Buffer[] =>
    of.map((range) => collector.node(range) ?? unknownNode());
  const entries = all.map(({ index: at, size, note }) => ({
    entry: lines.get(at) ?? '',
    proof: tlogProof({ index: at, path: pathOf(inclusionRanges(at, size)), note }),
  }));
  return { entries, path: pathOf(nodes) };
}

function unknownNode(): never {
  throw new FirebreakError('bug', 'a proof names a node that was not collected');
}

function mismatch(size: number): FirebreakError {
  const message = `the ${size} entries in the files do not give the root of their newest checkpoint`;
  return new FirebreakError('log_tampered', message, { next: 'ask' });
}
