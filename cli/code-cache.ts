import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

export type CodeCacheOptions = {
  /** `XDG_CACHE_HOME`; a relative one is ignored, as its specification asks. */
  xdg: string | undefined;
  home: string;
  /** The user that runs this; undefined where there are none. */
  uid: number | undefined;
};

/**
 * The folder where Node may keep compiled code, made if it is not there; undefined when there is none that only this
 * user can write: what lies in it is run without a look at the source. Never throws.
 */
export function codeCacheDir({ xdg, home, uid }: CodeCacheOptions): string | undefined {
  if (uid === undefined) return undefined;
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, '.cache');
  const dir = join(base, 'firebreak');
  try {
    mkdirSync(base, { recursive: true, mode: 0o700 });
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    return isPrivate(dir, uid) && pathIsSafe(realpathSync(base), uid) ? realpathSync(dir) : undefined;
  } catch {
    return undefined;
  }
}

/** A folder itself, not a link to one, of this user and closed to all others. */
function isPrivate(dir: string, uid: number): boolean {
  const found = lstatSync(dir);
  return found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0;
}

/** Whether nobody else can put another folder in the place of this one, or of one above it. */
function pathIsSafe(dir: string, uid: number): boolean {
  const { mode, uid: owner } = lstatSync(dir);
  const othersRename = (mode & 0o022) !== 0 && (mode & 0o1000) === 0;
  if (othersRename || (owner !== uid && owner !== 0)) return false;
  return dirname(dir) === dir || pathIsSafe(dirname(dir), uid);
}
