import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Random } from '#core/clock.ts';
import { Digest } from '#core/ids.ts';
import { createPrivateFile, makePrivateDir, readIfThere, syncDir, unusable } from './private-files.ts';

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

/** Writes down that the log is to be moved aside, and gives the folder's name. Throws `data_dir_unusable`. */
export function describeDamage(dir: string, damage: Omit<Damage, 'folder'>, random: Random): Damage {
  for (let n = 1; n <= MOST; n += 1) {
    const described = { folder: `log.tampered-${n}`, ...damage };
    const folder = join(dir, described.folder);
    makePrivateDir(folder);
    if (createPrivateFile(join(folder, FILE), `${JSON.stringify(described)}\n`, random.uuid()))
      return described;
  }
  throw unusable(dir, `there are ${MOST} damaged logs in it already`);
}

/** The damaged log whose new one has not begun yet. */
export function unfinishedDamage(dir: string): Damage | undefined {
  const numbers = readdirSync(dir).flatMap((name) => /^log\.tampered-(\d{1,4})$/.exec(name)?.[1] ?? []);
  const newest = Math.max(0, ...numbers.map(Number));
  const text = readIfThere(join(dir, `log.tampered-${newest}`, FILE))?.toString();
  if (text === undefined) return undefined;
  const moved = ['log', 'keys'].every((name) => existsSync(join(dir, `log.tampered-${newest}`, name)));
  if (moved && existsSync(join(dir, 'keys', 'log.first'))) return undefined;
  try {
    return Damage.parse(JSON.parse(text));
  } catch {
    throw unusable(join(dir, `log.tampered-${newest}`, FILE), 'it does not say what was wrong');
  }
}

/** Folders of the damaged logs of a data directory. */
export function asideFolders(dir: string): string[] {
  return readdirSync(dir)
    .filter((name) => /^log\.tampered-\d{1,4}$/.test(name))
    .map((name) => join(dir, name));
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
