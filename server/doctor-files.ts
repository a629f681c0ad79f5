import { lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { FileFact } from '#doctor/facts.ts';
import { actTokenFile, type Config } from './config-build.ts';

/** Files that are looked at; each incident has a key of its own. */
const MOST = 20_000;
/** Nothing for the group, nothing for others. */
const PRIVATE = 0o077;
/** Nobody else writes. */
const NO_WRITE = 0o022;

export type FilesInput = {
  readonly configPath: string;
  readonly dataDir: string;
  /** Null: it cannot be read, and so what it names is not known. */
  readonly config: Config | null;
  /** Id of the user that all of it should belong to; undefined where there is no such thing. */
  readonly uid: number | undefined;
};

/**
 * The data directory with all that lies in it, the config, and the files with secrets, each with its mode. Links inside
 * of the data directory are looked at themselves, never where they lead. The file `OFF` is left out: it is made by hand in
 * a hurry and holds nothing, and the folder keeps others away from it.
 */
export function filesOf({ configPath, dataDir, config, uid }: FilesInput): readonly FileFact[] {
  const fact = (what: FileFact['what'], path: string, stats: Stats | undefined): FileFact[] =>
    stats === undefined
      ? []
      : [
          {
            ...{ path, what, mode: stats.mode & 0o777 },
            loose: what === 'config' ? NO_WRITE : PRIVATE,
            isOurs: uid === undefined || stats.uid === uid || (what === 'config' && stats.uid === 0),
          },
        ];
  const named = config === null ? [] : secretFiles(config);
  return [
    ...fact('config', configPath, at(configPath, statSync)),
    ...inside(dataDir).flatMap((path) => {
      if (path === join(dataDir, 'OFF')) return [];
      const stats = at(path, lstatSync);
      return stats?.isSymbolicLink() === true ? [] : fact('data', path, stats);
    }),
    ...named.flatMap(({ path, what }) => fact(what, path, at(path, statSync))),
  ];
}

/** The files that the config names for secrets. */
export function secretFiles(config: Config): { readonly path: string; readonly what: FileFact['what'] }[] {
  const base = dirname(config.file);
  return [
    ...config.secretHandles.flatMap(({ ref, source }) =>
      source === 'file' ? [{ path: resolve(base, ref.slice('file:'.length)), what: 'secret' as const }] : [],
    ),
    ...(config.listen.tls === null ? [] : [{ path: config.listen.tls.key, what: 'secret' as const }]),
    ...actSecretFiles(config).map((path) => ({ path, what: 'executor secret' as const })),
  ];
}

/** Absolute paths of the files that only the process which makes changes reads. */
export function actSecretFiles({ file, workloads, silencers, inventory }: Config): string[] {
  const references = [
    ...[...silencers.values()].flatMap(({ actToken }) => actToken ?? []),
    ...[...(inventory.actions?.values() ?? [])].flatMap(({ env }) => [...env.values()]),
  ];
  const paths = [
    ...[...workloads.values()].flatMap(({ actTokenFile }) => actTokenFile ?? []),
    ...references.map((ref) => actTokenFile(file, ref)),
  ];
  return [...new Set(paths)];
}

function inside(dir: string): string[] {
  const found: string[] = [];
  const walk = (path: string): void => {
    if (found.length >= MOST) return;
    found.push(path);
    if (at(path, lstatSync)?.isDirectory() !== true) return;
    for (const name of readdirSync(path)) walk(join(path, name));
  };
  if (at(dir, lstatSync) !== undefined) walk(dir);
  return found;
}

/** Undefined when it is not there any more. */
function at(path: string, look: (path: string) => Stats): Stats | undefined {
  try {
    return look(path);
  } catch {
    return undefined;
  }
}
