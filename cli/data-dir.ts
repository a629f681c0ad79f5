import { dirname, join, resolve } from 'node:path';
import type { Common, Context } from './context.ts';

/** Path of the config file; it need not exist. */
export function configPath({ config }: Common, { cwd }: Pick<Context, 'cwd'>): string {
  return resolve(cwd, config ?? 'firebreak.yaml');
}

/** The data directory that a command is about: as given, else `.firebreak` beside the config file. */
export function dataDirOf(options: Common, context: Pick<Context, 'cwd'>): string {
  return options.dataDir === undefined
    ? join(dirname(configPath(options, context)), '.firebreak')
    : resolve(context.cwd, options.dataDir);
}
