import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SourceFile } from './source.ts';

/** Where the repository is checked out. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Folders that hold nothing of ours: installed, or written by a run. */
const skipped: ReadonlySet<string> = new Set(['node_modules', '.git', '.firebreak', 'results', 'coverage']);

/** Every file of the repository whose name ends in one of `endings`, sorted by path. Throws when a file cannot be read. */
export function readTree(endings: readonly string[], from: string = root): SourceFile[] {
  return walk(from)
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .map((path) => ({ path: relative(from, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : walk(path);
    return entry.isFile() ? [path] : [];
  });
}
