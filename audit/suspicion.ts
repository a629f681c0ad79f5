import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * The check behind a start sees more than the start itself. What it finds wrong is noted beside the caches, so that the
 * next start looks at everything before it goes on. Losing the note costs nothing: the check would find it again.
 */

const fileIn = (cacheDir: string): string => join(cacheDir, 'suspect');

/** Throws only if the disk does. */
export function noteSuspicion(cacheDir: string, reason: string): void {
  rmSync(join(cacheDir, 'snapshot.json'), { recursive: true, force: true });
  clearSuspicion(cacheDir);
  writeFileSync(fileIn(cacheDir), `${reason}\n`, { mode: 0o600 });
}

export function isSuspect(cacheDir: string): boolean {
  return existsSync(fileIn(cacheDir));
}

export function clearSuspicion(cacheDir: string): void {
  rmSync(fileIn(cacheDir), { recursive: true, force: true });
}
