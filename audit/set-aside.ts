import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Random } from '#core/clock.ts';
import { Digest } from '#core/ids.ts';
import { createPrivateFile, makePrivateDir, readIfThere, syncDir, unusable } from './private-files.ts';
import { parseVerifierKey } from './signed-note.ts';

/*
 * A log that was tampered with is moved aside as it is, with its keys, into a folder `log.tampered-N` of the data
 * directory that can be read and verified like a data directory. A new log with new keys takes its place and names it in
 * its first entry.
 *
 * `damage.json` is written first: from then on each opening goes on with the move, until the new log has begun. States:
 * described (damage.json is there) -> log moved -> keys moved -> begun (the new log's first entry is durable).
 */

const count = z.int().nonnegative();

/** What was wrong with the old log, and up to where it is good. `entry` is the first bad one. */
export const Damage = z.strictObject({
  folder: z.string().regex(/^log\.tampered-[1-9]\d{0,3}$/),
  origin: z.string().max(200),
  size: count,
  root: Digest.nullable(),
  segment: z.string().max(200),
  line: count,
  entry: count,
  reason: z.string().max(500),
});
export type Damage = z.infer<typeof Damage>;

const FILE = 'damage.json';
const MOST = 9999;

/**
 * Writes down that the log is to be moved aside, and gives the folder's name, which is numbered behind every one that is
 * there. Throws `data_dir_unusable`.
 */
export function describeDamage(dir: string, damage: Omit<Damage, 'folder'>, random: Random): Damage {
  const number = Math.max(0, ...asideNumbers(dir)) + 1;
  if (number > MOST)
    throw unusable(dir, `no damaged log can be kept behind log.tampered-${MOST}; move it away`);
  const described = { folder: `log.tampered-${number}`, ...damage };
  const folder = join(dir, described.folder);
  makePrivateDir(folder);
  createPrivateFile(join(folder, FILE), `${JSON.stringify(described)}\n`, random.uuid());
  return described;
}

/**
 * The damaged log whose new one has not begun yet: the newest one while the log here has not begun, else the one that
 * this log is. Parts that people took away from an older one make nothing unfinished.
 */
export function unfinishedDamage(dir: string): Damage | undefined {
  const first = readIfThere(join(dir, 'keys', 'log.first'))?.toString();
  const origin = first === undefined ? undefined : parseVerifierKey(first)?.name;
  for (const number of asideNumbers(dir).sort((a, b) => b - a)) {
    const folder = join(dir, `log.tampered-${number}`);
    const isMoved = ['log', 'keys'].every((name) => existsSync(join(folder, name)));
    if ((isMoved && first !== undefined) || !existsSync(join(folder, FILE))) continue;
    const damage = readDamage(join(folder, FILE));
    if (first === undefined || damage.origin === origin) return damage;
  }
  return undefined;
}

function readDamage(path: string): Damage {
  try {
    return Damage.parse(JSON.parse(String(readIfThere(path))));
  } catch {
    throw unusable(path, 'it does not say what was wrong');
  }
}

function asideNumbers(dir: string): number[] {
  return readdirSync(dir).flatMap((name) => {
    const number = /^log\.tampered-(\d{1,4})$/.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

/** Folders of the damaged logs of a data directory. */
export function asideFolders(dir: string): string[] {
  return asideNumbers(dir).map((number) => join(dir, `log.tampered-${number}`));
}

/** Moves what has not been moved yet; the caches go. Repeatable. */
export function moveAside(dir: string, { folder }: Damage): void {
  for (const name of ['log', 'keys']) {
    const to = join(dir, folder, name);
    if (!existsSync(to)) renameSync(join(dir, name), to);
    makePrivateDir(join(dir, name));
  }
  rmSync(join(dir, 'cache'), { recursive: true, force: true });
  makePrivateDir(join(dir, 'cache'));
  syncDir(join(dir, folder));
  syncDir(dir);
}
