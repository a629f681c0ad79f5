import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKPOINT_START, checkpointLine, signCheckpoint } from '#audit/checkpoint.ts';
import { addLeaf, emptyFrontier, leafHash, rootOf } from '#audit/merkle.ts';
import { type NoteSigner, parseSignerKey } from '#audit/signed-note.ts';
import { canonical, parseJson } from '#core/canonical.ts';

/** The lines of one group commit: entries, then their checkpoint. */
export type Group = { entries: string[]; checkpoint: string };

/** One segment file as groups; lines behind the last checkpoint are left out. */
export function groupsOf(text: string): Group[] {
  const groups: Group[] = [];
  let entries: string[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    if (!line.startsWith(CHECKPOINT_START)) entries.push(line);
    else {
      groups.push({ entries, checkpoint: line });
      entries = [];
    }
  }
  return groups;
}

export function textOf(groups: readonly Group[]): string {
  return groups.map(({ entries, checkpoint }) => `${[...entries, checkpoint].join('\n')}\n`).join('');
}

/** New checkpoints over the groups, each signed with the key that `signerOf` gives for its place. */
export function reseal(groups: readonly Group[], signerOf: (place: number) => NoteSigner): Group[] {
  const frontier = emptyFrontier();
  return groups.map(({ entries }, place) => {
    for (const line of entries) addLeaf(frontier, leafHash(Buffer.from(line)));
    const { note } = signCheckpoint(signerOf(place), frontier.size, rootOf(frontier));
    return { entries, checkpoint: checkpointLine(note) };
  });
}

/** An entry line with some of its fields changed, canonical again. */
export function changed(line: string, change: (entry: Record<string, unknown>) => void): string {
  const parsed = parseJson(line);
  if (parsed.kind === 'invalid' || typeof parsed.value !== 'object' || parsed.value === null)
    throw new Error('not an entry line');
  const entry: Record<string, unknown> = { ...parsed.value };
  change(entry);
  const again = parseJson(JSON.stringify(entry));
  if (again.kind === 'invalid') throw new Error('not an entry any more');
  return canonical(again.value);
}

/** Numbers the entries anew, from 0 on. */
export function renumber(groups: readonly Group[]): Group[] {
  let seq = 0;
  return groups.map(({ entries, checkpoint }) => ({
    checkpoint,
    entries: entries.map((line) => {
      const number = seq;
      seq += 1;
      return changed(line, (entry) => {
        entry.seq = number;
      });
    }),
  }));
}

/** The private key of a data directory. */
export function stolenKey(dataDir: string): NoteSigner {
  const signer = parseSignerKey(readFileSync(join(dataDir, 'keys', 'log.key'), 'utf8'));
  if (!signer) throw new Error('there is no key to steal');
  return signer;
}

/** Entry segments of a log folder, in order. */
export function segmentsOf(logDir: string): string[] {
  return readdirSync(logDir)
    .filter((name) => name.endsWith('.jsonl'))
    .sort();
}

export function readGroups(logDir: string, segment = '00000000.jsonl'): Group[] {
  return groupsOf(readFileSync(join(logDir, segment), 'utf8'));
}

export function writeGroups(logDir: string, groups: readonly Group[], segment = '00000000.jsonl'): void {
  writeFileSync(join(logDir, segment), textOf(groups));
}
