import { checkpointText, parseCheckpoint } from './checkpoint.ts';
import type { Checkpoint, Entry } from './log.ts';
import { Damage } from './set-aside.ts';
import { type NoteVerifier, parseVerifierKey } from './signed-note.ts';

/** Notes of checkpoints in a text that holds nothing else, and how many characters of it are no such note. */
export function parseNotes(text: string): { notes: string[]; unreadable: number } {
  return { notes: text.match(NOTES) ?? [], unreadable: text.replace(NOTES, '').trim().length };
}

const NOTES = /^[^\n]+\n(?:0|[1-9]\d{0,15})\n[A-Za-z0-9+/]{43}=\n\n\u2014 [^\n]+\n/gm;

/** `replaced`: how many of them are of the damaged log that this one took the place of, which it cannot hold. */
type Verdict = { kind: 'held'; replaced: number } | { kind: 'unlike'; entry: number; reason: string };

/** Compares a log, while it is read, with checkpoints of it that were kept elsewhere. */
export type KeptCheckpoints = {
  /** For each group of the log, in order. */
  pass(group: { checkpoint: Checkpoint; entries: readonly Entry[] }): void;
  /**
   * At the end of the log: what is wrong first, with the first entry that no kept checkpoint vouches for. Checkpoints of
   * the log that this one says it replaced are counted beside at least one of its own, never alone.
   */
  verdict(size: number): Promise<Verdict>;
};

/** `first` is the log's first key; the later ones are those that its entries name. */
export function keptCheckpoints(first: NoteVerifier, notes: readonly string[]): KeptCheckpoints {
  const kept = notes.map((note) => parseCheckpoint(note)).sort((a, b) => (a?.size ?? 0) - (b?.size ?? 0));
  const wanted = new Set(kept.map((checkpoint) => checkpoint?.size));
  const roots = new Map<number, string>();
  const keys = [first];
  let replaced: Damage | undefined;
  const problemOf = async (checkpoint: Checkpoint, entries: number): Promise<string | undefined> => {
    const { origin, size, root, note } = checkpoint;
    if (origin !== first.name) return `a kept checkpoint of ${size} entries is of another log, ${origin}`;
    if (size > entries) return `the end is missing: a kept checkpoint names ${size} entries`;
    if (roots.get(size) !== root) return `the first ${size} entries are not those of a kept checkpoint`;
    const text = checkpointText(origin, size, Buffer.from(root, 'hex'));
    for (const key of keys) if (await key.verify(text, note)) return undefined;
    return `a kept checkpoint of ${size} entries is not signed by this log`;
  };
  return {
    pass: ({ checkpoint, entries }) => {
      if (wanted.has(checkpoint.size)) roots.set(checkpoint.size, checkpoint.root);
      for (const { seq, kind, body } of entries) {
        if (seq === 0) replaced = Damage.safeParse(body.replaces).data;
        const next = kind === 'log.key_rotated' ? parseVerifierKey(String(body.newKey)) : undefined;
        if (next) keys.push(next);
      }
    },
    verdict: async (entries) => {
      const own = kept.filter((one) => replaced === undefined || !isOf(replaced, one));
      const some = own.length > 0 ? own : kept;
      let entry = 0;
      for (const checkpoint of some) {
        if (!checkpoint) return { kind: 'unlike', entry, reason: 'a kept checkpoint cannot be read' };
        const reason = await problemOf(checkpoint, entries);
        if (reason !== undefined) return { kind: 'unlike', entry, reason };
        entry = checkpoint.size;
      }
      return { kind: 'held', replaced: kept.length - some.length };
    },
  };
}

/** What is said of the replaced log must not contradict what was kept of it. */
function isOf({ origin, size, root }: Damage, kept: Checkpoint | undefined): boolean {
  return kept?.origin === origin && (kept.size !== size || kept.root === root);
}
