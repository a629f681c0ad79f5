import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openFileLog } from '#audit/file-log.ts';
import { livingHolder } from '#audit/lock-holder.ts';
import type { Log } from '#audit/log.ts';
import { readIfThere } from '#audit/private-files.ts';
import { type Clock, realRandom } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { examine, type Finding } from '#doctor/examine.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import { fileAnchor } from './anchors.ts';
import { thisEnvironment } from './config.ts';
import type { Config } from './config-build.ts';
import { deliver } from './deliver.ts';
import { readConfigFact } from './doctor-config.ts';
import { hasLogIn } from './doctor-log.ts';
import { lookFromOutside } from './doctor-outside.ts';
import { createFolds, type Folds, foldList } from './folds.ts';
import { guardOnce } from './guard.ts';

export type OfflineInput = {
  readonly dataDir: string;
  readonly configPath: string;
  readonly clock: Clock;
  readonly onError: (message: string) => void;
};

/**
 * One look of the guard while no server runs: it takes the data directory for the time of the look and writes the log
 * itself. The incident that it opens is told when a server starts. Where there is no log that can be written, it only
 * looks. Throws `data_dir_locked` when somebody else has the directory.
 */
export async function guardOffline(input: OfflineInput): Promise<readonly Finding[]> {
  const { dataDir, configPath, clock } = input;
  const look = () => lookFromOutside({ dataDir, configPath, clock, online: false, server: null });
  const { config } = readConfigFact(configPath, thisEnvironment());
  if (config === null || !hasLogIn(dataDir)) return examine(await look());
  const wasStale = hasStaleLock(dataDir);
  const folds = createFolds();
  const log = await opened(input, folds);
  if (log === null) return examine(await look());
  try {
    if (wasStale) await clearStale(dataDir, log);
    return await guardOnce({
      ...{ look, log, folds, clock, dataDir, configDigest: config.digest, onError: input.onError },
      onAlert: (delivery) => deliver({ ...config, ...folds, log, clock }, delivery),
      repairs: {
        uid: process.getuid?.(),
        ...(config.anchors !== null && { anchor: anchorOf(config.anchors, log) }),
      },
    });
  } finally {
    await log.close();
  }
}

/** Null for a log that was tampered with: nothing is written there, and looking says so. */
async function opened({ dataDir, clock }: OfflineInput, folds: Folds) {
  const command = 'firebreak guard';
  try {
    return await openFileLog({ dir: dataDir, clock, random: realRandom, folds: foldList(folds), command });
  } catch (error) {
    if (error instanceof FirebreakError && error.code === 'log_tampered') return null;
    throw error;
  }
}

/** The lock of a process that is gone. */
function hasStaleLock(dataDir: string): boolean {
  const path = join(dataDir, 'lock');
  const content = readIfThere(path)?.toString();
  return content !== undefined && livingHolder({ path, content, random: realRandom }) === undefined;
}

/** Opening took the lock over, which only one can; what is left of the process goes with it. */
async function clearStale(dataDir: string, log: Pick<Log, 'append'>): Promise<void> {
  const context = { actor: SYSTEM, traceId: 'guard' };
  const what = 'lock and server.json of a process that is gone';
  await log.append([fact('repair.begun', { repair: 'stale-lock', what }, context)]);
  rmSync(join(dataDir, 'server.json'), { force: true });
  await log.append([fact('repair.ended', { repair: 'stale-lock', outcome: 'done', reason: null }, context)]);
}

function anchorOf({ file }: NonNullable<Config['anchors']>, log: Pick<Log, 'checkpoint' | 'append'>) {
  return async (): Promise<string | null> => {
    const { note, size, root } = log.checkpoint();
    await fileAnchor(file)(note);
    const body = { where: file, size, root };
    await log.append([fact('anchor.written', body, { actor: SYSTEM, traceId: 'anchor' })]);
    return null;
  };
}
