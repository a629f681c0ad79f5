import { segmentName } from '#audit/segment-files.ts';
import { type NoteSigner, newSignerKey, parseSignerKey } from '#audit/signed-note.ts';
import { realRandom } from '#core/clock.ts';
import { seededNoise } from '#tests/fakes/seeded-noise.ts';
import { changed, type Group, reseal, textOf } from './forge.ts';
import { repair } from './repair.ts';
import type { Attacked, Files, Victim } from './victim.ts';

/** Whole numbers below a limit that depend on the seed only. */
export type Dice = (below: number) => number;

export function dice(seed: number): Dice {
  const noise = seededNoise(seed);
  return (below) => Math.min(below - 1, Math.floor(((noise() + 1) / 2) * below));
}

/** One attempt: `other` is a foreign log. `key` is the host's key, or undefined for whoever can only write files. */
export type Attempt = { victim: Victim; other: Victim; roll: Dice; key: NoteSigner | undefined };
type Attack = (attempt: Attempt) => Attacked;

/** Changes the groups at one place, not the last one, and covers it up as well as the attacker can. */
function onGroups(edit: (groups: Group[], at: number, attempt: Attempt) => Group[]): Attack {
  return (attempt) => {
    const { victim, roll, key } = attempt;
    const groups = structuredClone(victim.files.segments.flat());
    const at = 1 + roll(groups.length - 2);
    const edited = edit(groups, at, attempt);
    const files = { ...victim.files, segments: cut(edited, victim.files) };
    return key === undefined ? files : repair(files, key);
  };
}

function cut(groups: readonly Group[], { segments }: Files): Group[][] {
  let from = 0;
  return segments.map((segment, number) => {
    const to = number === segments.length - 1 ? groups.length : from + segment.length;
    const part = groups.slice(from, to);
    from = to;
    return part;
  });
}

function withBody(line: string, body: object): string {
  return changed(line, (entry) => {
    entry.body = body;
  });
}

const last = (files: Files): number => files.segments.length - 1;
const lineIn = (group: Group | undefined, roll: Dice): number => roll(group?.entries.length ?? 1);
const groupAt = (groups: readonly Group[], at: number): Group => {
  const group = groups[at];
  if (!group) throw new Error(`there is no group ${at}`);
  return group;
};

/** A segment's bytes with some of them changed. */
function onBytes(files: Files, segment: number, edit: (bytes: Buffer) => Buffer): Attacked {
  const bytes = Buffer.from(textOf(files.segments[segment] ?? []));
  return { ...files, raw: new Map([[segmentName(segment), edit(bytes)]]) };
}

/** An entry says something else. */
const modify = onGroups((groups, at, { roll }) => {
  const { entries } = groupAt(groups, at);
  const line = lineIn(groups[at], roll);
  entries[line] = withBody(entries[line] ?? '', { outcome: 'changed' });
  return groups;
});

const remove = onGroups((groups, at, { roll }) => {
  const { entries } = groupAt(groups, at);
  if (entries.length === 1) return groups.toSpliced(at, 1);
  entries.splice(lineIn(groups[at], roll), 1);
  return groups;
});

const insert = onGroups((groups, at, { roll }) => {
  const { entries } = groupAt(groups, at);
  const line = lineIn(groups[at], roll);
  entries.splice(line, 0, withBody(entries[line] ?? '', { outcome: 'invented' }));
  return groups;
});

const reorder = onGroups((groups, at, { roll }) => {
  const to = 1 + ((at + roll(groups.length - 3)) % (groups.length - 2));
  const [one, two] = [groupAt(groups, at).entries, groupAt(groups, to === at ? at + 1 : to).entries];
  [one[0], two[0]] = [two[0] ?? '', one[0] ?? ''];
  return groups;
});

/** The end is gone, content of entries that went with it too. */
const truncate: Attack = ({ victim: { files }, roll }) => {
  const groups = files.segments.flat();
  const kept = groups.slice(0, 1 + roll(groups.length - 1));
  const segments = cut(kept, files).filter((part) => part.length > 0);
  const raw = new Map(
    files.segments.map((_, segment) => [segmentName(segment), null] as const).slice(segments.length),
  );
  return { ...files, segments, raw };
};

/** The whole folder is put back to an earlier state: as `truncate`, with some bytes of a commit under way. */
const rollback: Attack = (attempt) => {
  const cutOff = truncate(attempt);
  const segment = last(cutOff);
  const next = attempt.victim.files.segments.flat()[cutOff.segments.flat().length];
  const half = (next?.entries[0] ?? '').slice(0, 30);
  const bytes = Buffer.from(`${textOf(cutOff.segments[segment] ?? [])}${half}`);
  return { ...cutOff, raw: new Map([...(cutOff.raw ?? []), [segmentName(segment), bytes]]) };
};

/** From one place on, another history. */
const fork = onGroups((groups, at) =>
  groups.map((group, place) =>
    place < at ? group : { ...group, entries: group.entries.map((line) => withBody(line, { fork: place })) },
  ),
);

/** A commit happens twice; the second time before the end, for what comes behind a kept checkpoint is new, not changed. */
const replay = onGroups((groups, at, { roll }) => {
  const to = at + roll(groups.length - 1 - at);
  return groups.toSpliced(to + 1, 0, structuredClone(groupAt(groups, at)));
});

/** A commit of another log in the place of one of this. */
const splice = onGroups((groups, at, { other, roll }) => {
  const foreign = other.files.segments.flat();
  const group = structuredClone(groupAt(foreign, 1 + roll(foreign.length - 1)));
  const entries = group.entries.map((line) =>
    changed(line, (entry) => {
      entry.payloads = [];
    }),
  );
  return groups.toSpliced(at, 1, { ...group, entries });
});

/** Without the host's key, all is signed anew by another one; with it, the log is made to hand over to another one. */
const keySwap: Attack = ({ victim, roll, key }) => {
  const thief = parseSignerKey(newSignerKey(victim.key.name, realRandom.bytes(32)));
  if (!thief) throw new Error('no key');
  const groups = structuredClone(victim.files.segments.flat());
  if (key === undefined) {
    const opened = groupAt(groups, 0).entries;
    opened[0] = withBody(opened[0] ?? '', { origin: thief.name, publicKey: thief.verifierKey });
    const files = { ...victim.files, pub: `${thief.verifierKey}\n` };
    return {
      ...files,
      segments: cut(
        reseal(groups, () => thief),
        files,
      ),
    };
  }
  const at = 1 + roll(groups.length - 2);
  const [line = ''] = groupAt(groups, at).entries;
  const handOver = changed(line, (entry) => {
    entry.kind = 'log.key_rotated';
    entry.body = { newKey: thief.verifierKey, reason: 'yearly' };
    entry.payloads = [];
  });
  const files = {
    ...victim.files,
    segments: [groups.toSpliced(at, 0, { entries: [handOver], checkpoint: '' })],
  };
  const repaired = repair(files, key);
  const sealed = reseal(repaired.segments.flat(), (place) => (place <= at ? key : thief));
  const raw = new Map(
    victim.files.segments.map((_, segment) => [segmentName(segment), null] as const).slice(1),
  );
  return { ...repaired, segments: [sealed], raw };
};

/** A checkpoint names another size or root; signed again by whoever has the key. */
const checkpointEdit: Attack = ({ victim, roll, key }) => {
  const segments = structuredClone(victim.files.segments);
  const segment = roll(segments.length);
  const group = groupAt(segments[segment] ?? [], roll(segments[segment]?.length ?? 1));
  const lines = group.checkpoint.split('\\n');
  const place = key === undefined ? 1 + roll(2) : 1;
  lines[place] =
    place === 1
      ? String(Number(lines[1]) + 1)
      : `${lines[2]?.startsWith('A') ? 'B' : 'A'}${lines[2]?.slice(1)}`;
  if (key !== undefined) {
    const text = `${lines.slice(0, 3).join('\n').replace('{"checkpoint":"', '')}\n`;
    group.checkpoint = JSON.stringify({ checkpoint: key.sign(text) });
  } else group.checkpoint = lines.join('\\n');
  return { ...victim.files, segments };
};

/** A second writer that had opened the log earlier writes its own commit at what it takes for the end. */
const epoch: Attack = ({ victim, roll, key }) => {
  const { files } = victim;
  const segment = roll(files.segments.length);
  const groups = files.segments[segment] ?? [];
  const at = roll(Math.max(1, groups.length - 1));
  const thief = parseSignerKey(newSignerKey(victim.key.name, realRandom.bytes(32)));
  const before = files.segments.slice(0, segment).flat().length + at;
  const all = structuredClone(files.segments.flat().slice(0, before + 1));
  const entries = groupAt(all, before).entries.map((line) =>
    withBody(line, { outcome: 'of a second writer' }),
  );
  const signed = reseal(
    all.toSpliced(before, 1, { entries, checkpoint: '' }),
    () => key ?? thief ?? victim.key,
  );
  return onBytes(files, segment, (bytes) => {
    const start = Buffer.byteLength(textOf(groups.slice(0, at)));
    const written = Buffer.from(textOf(signed.slice(-1)));
    return Buffer.concat([bytes.subarray(0, start), written, bytes.subarray(start + written.length)]);
  });
};

/** An entry, and all up to the next one, happened earlier. */
const backdate = onGroups((groups, at) => {
  const { entries } = groupAt(groups, at);
  const before = groupAt(groups, at - 1).entries.at(-1) ?? '';
  const ts = Number(/"ts":(\d+)/.exec(before)?.[1]);
  groupAt(groups, at).entries = entries.map((line) =>
    changed(line, (entry) => {
      entry.ts = ts;
    }),
  );
  return groups;
});

/** Bytes that no crash leaves, anywhere, the end included. */
const garbage: Attack = ({ victim: { files }, roll }) => {
  const segment = roll(files.segments.length);
  return onBytes(files, segment, (bytes) => {
    const at = roll(bytes.length + 1);
    const junk = Buffer.from(Array.from({ length: 1 + roll(200) }, () => 128 + roll(128)));
    return Buffer.concat([bytes.subarray(0, at), junk, bytes.subarray(at)]);
  });
};

/** Nothing is left of the entries: no files, or empty ones. */
const empty: Attack = ({ victim: { files }, roll }) => {
  const bytes = roll(2) === 0 ? null : Buffer.alloc(0);
  return { ...files, raw: new Map(files.segments.map((_, segment) => [segmentName(segment), bytes])) };
};

/** Two segments change places. */
const segmentSwap: Attack = ({ victim: { files }, roll, key }) => {
  const [one, two] = [1 + roll(files.segments.length - 1), 1 + roll(files.segments.length - 1)];
  const segments = structuredClone(files.segments);
  const to = one === two ? 1 + (one % (segments.length - 1)) : two;
  [segments[one], segments[to]] = [segments[to] ?? [], segments[one] ?? []];
  return key === undefined ? { ...files, segments } : repair({ ...files, segments }, key);
};

/** The sixteen ways to tamper with a log. */
export const attacks = {
  modify,
  delete: remove,
  insert,
  reorder,
  truncate,
  rollback,
  fork,
  replay,
  splice,
  'key swap': keySwap,
  'checkpoint edit': checkpointEdit,
  epoch,
  backdate,
  garbage,
  empty,
  'segment swap': segmentSwap,
} as const satisfies Readonly<Record<string, Attack>>;
export type AttackName = keyof typeof attacks;
