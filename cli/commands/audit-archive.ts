import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { archiveLog } from '#audit/archive.ts';
import { logDirOf } from '#audit/verify.ts';
import { realRandom } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { inert } from '#core/inert.ts';
import { count } from '#views/numbers.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { dataDirOf } from '../data-dir.ts';
import { hasLog } from '../offline.ts';
import { textOrFile } from '../text-or-file.ts';

export type ArchiveFlags = Common & { readonly key?: string };

/** Copies the log up to its newest checkpoint and verifies log and copy; the server may run. Keys are not copied. */
export async function archive(folder: string, options: ArchiveFlags, context: Context): Promise<Outcome> {
  const dir = dataDirOf(options, context);
  if (!hasLog(dir)) throw new FirebreakError('not_found', `there is no log in ${dir}`);
  const to = archiveFolder(resolve(context.cwd, folder), dir);
  const key = options.key === undefined ? {} : { publicKey: textOrFile(options.key, context) };
  const archived = await archiveLog({ dir, to, unique: realRandom.uuid(), ...key });
  if (archived.kind === 'bad') {
    const what = archived.where === 'log' ? `the log in ${dir}` : `the archive in ${to}`;
    return { lines: [`NOT archived: ${what}: ${inert(archived.reason)}`], json: archived, exit: 1 };
  }
  const { entries, root } = archived.verified;
  const line = `${count(entries, 'entry', 'entries')} archived and verified in ${to}, root ${root ?? 'none'}; ${archived.bytes} bytes were new`;
  return { lines: [line], json: { to, entries, root: root ?? null, bytes: archived.bytes } };
}

/** The folder itself, if it can be an archive of this log. Throws `usage`. */
function archiveFolder(to: string, dir: string): string {
  const refuse = (why: string) => new FirebreakError('usage', `${inert(to)} ${why}`);
  if (statSync(to, { throwIfNoEntry: false })?.isDirectory() === false) throw refuse('is not a folder');
  const real = realPath(to);
  if ([dir, logDirOf(dir)].some((own) => isWithin(real, realpathSync(own))))
    throw refuse(`lies in the data directory ${inert(dir)}: name a folder elsewhere`);
  if (logDirOf(to) !== to) throw refuse('holds a folder `log` already: name another');
  return to;
}

/** Where a path leads, though its end may not be there yet. */
function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : join(realPath(dirname(path)), basename(path));
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`);
}
