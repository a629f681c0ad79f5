import { readFileSync } from 'node:fs';
import { open, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sha256 } from '#core/hash.ts';
import { Digest } from '#core/ids.ts';
import type { Chain } from './chain.ts';
import { checkpointText, noteInLine } from './checkpoint.ts';
import type { Fold } from './fold.ts';
import { isFrontier, rootOf } from './merkle.ts';
import { segmentName } from './segment-files.ts';
import type { NoteSigner, NoteVerifier } from './signed-note.ts';

const count = z.int().nonnegative();
const Place = z.object({ segment: count, at: count, line: count });

const SnapshotShape = z.object({
  format: z.literal(3),
  size: count,
  root: Digest,
  /** The checkpoint it is bound to: where its line begins, and what lies behind it. */
  checkpointAt: count,
  end: Place,
  lastTs: count,
  payloadEnd: z.object({ segment: count, at: count }),
  frontier: z.array(Digest),
  streams: z.string(),
  index: z.array(z.object({ seq: count, place: Place })),
  folds: z.array(z.object({ name: z.string(), version: z.int(), state: z.string() })),
});

/**
 * Everything a start needs besides the entries behind it. A cache: throwing it away costs time only. It is trusted at a
 * start if the key that signs the log signed it, and the log's own checkpoint at `size` has this root; verification
 * later finds out if it does not follow from the log all the same.
 */
export type Snapshot = z.infer<typeof SnapshotShape>;

const fileIn = (cacheDir: string): string => join(cacheDir, 'snapshot.json');

/** What is signed: the text of a snapshot, under a first line that no checkpoint has, so that neither passes as the other. */
function signedText(origin: string, snapshot: string): string {
  return `firebreak.snapshot\n${origin}\n${sha256(snapshot)}\n`;
}

/** Undefined when there is none that can be read, or `verifier` did not sign it. Nothing in it is read before that is known. */
export async function readSnapshot(cacheDir: string, verifier: NoteVerifier): Promise<Snapshot | undefined> {
  try {
    const file = readFileSync(fileIn(cacheDir), 'utf8');
    const end = file.indexOf('\n');
    const text = file.slice(0, end);
    if (!(await verifier.verify(signedText(verifier.name, text), file.slice(end + 1)))) return undefined;
    return SnapshotShape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The line of the snapshot, and behind it the signed note about it. */
export function sealSnapshot(snapshot: Snapshot, signer: NoteSigner): string {
  const text = JSON.stringify(snapshot);
  return `${text}\n${signer.sign(signedText(signer.name, text))}`;
}

/** Replaces the snapshot as a whole with a sealed one. Not synced: a cut file is read as none. */
export async function writeSnapshot(cacheDir: string, sealed: string): Promise<void> {
  const draft = `${fileIn(cacheDir)}.new`;
  await writeFile(draft, sealed, { mode: 0o600 });
  await rename(draft, fileIn(cacheDir));
}

/** States of folds as text that is equal for equal states, whatever the order of keys. */
export function saveFolds(folds: readonly Fold[]): Snapshot['folds'] {
  return folds.map((fold) => ({ name: fold.name, version: fold.version, state: sortedJson(fold.save()) }));
}

/** Whether all folds took their state; if not they are as new. */
export function loadFolds(folds: readonly Fold[], saved: Snapshot['folds']): boolean {
  try {
    if (saved.length !== folds.length) return false;
    return folds.every((fold, i) => {
      const from = saved[i];
      if (from?.name !== fold.name || from.version !== fold.version) return false;
      fold.load(JSON.parse(from.state));
      return true;
    });
  } catch {
    return false;
  }
}

/** What a snapshot said that only a full replay can confirm. */
export type Claim = { size: number; digest: Digest; streams: string };

export function claimOf(
  snapshot: Pick<Snapshot, 'size' | 'lastTs' | 'payloadEnd' | 'streams' | 'folds'>,
): Claim {
  const { size, lastTs, payloadEnd, streams, folds } = snapshot;
  const lines = folds.map((fold) => `${fold.name} ${fold.version} ${sha256(fold.state)}`);
  const head = `${lastTs} ${payloadEnd.segment} ${payloadEnd.at}`;
  return { size, streams, digest: sha256([head, ...lines].join('\n')) };
}

/** The chain as of a snapshot that `verifier` signed, if the log has its checkpoint, genuine, at that very place. */
export async function chainOf(
  snapshot: Snapshot,
  log: { logDir: string; verifier: NoteVerifier },
): Promise<Chain | undefined> {
  const { size, root, lastTs, payloadEnd } = snapshot;
  const { verifier } = log;
  const subtrees = snapshot.frontier.map((digest) => Buffer.from(digest, 'hex'));
  const frontier = { size, subtrees };
  if (!isFrontier(frontier) || rootOf(frontier).toString('hex') !== root) return undefined;
  const note = noteInLine((await readCheckpointLine(snapshot, log.logDir)) ?? '');
  const text = checkpointText(verifier.name, size, rootOf(frontier));
  if (note === undefined || !(await verifier.verify(text, note))) return undefined;
  return { verifier, frontier, lastTs, payloadEnd, group: [] };
}

async function readCheckpointLine(snapshot: Snapshot, logDir: string): Promise<string | undefined> {
  const { checkpointAt, end } = snapshot;
  const length = end.at - checkpointAt;
  if (length < 1 || length > 4096) return undefined;
  try {
    const file = await open(join(logDir, segmentName(end.segment)), 'r');
    try {
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, checkpointAt);
      return buffer.at(-1) === 10 ? buffer.toString('utf8', 0, length - 1) : undefined;
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
