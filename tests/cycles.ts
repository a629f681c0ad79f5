import { resolveImport } from './doors.ts';
import type { Module } from './source.ts';

/** Import cycles between files, type imports and `import()` included: each as the files on it, in order. */
export function findCycles(modules: readonly Module[]): string[][] {
  const edges = new Map(
    modules.map((module) => [
      module.path,
      module.imports.flatMap((found) => resolveImport(module.path, found.specifier) ?? []),
    ]),
  );
  const finished = new Set<string>();
  const cycles: string[][] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) cycles.push([...trail.slice(at), path]);
    if (at >= 0 || finished.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    finished.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return cycles;
}
