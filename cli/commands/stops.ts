import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateDir } from '#audit/private-files.ts';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { StopAnswer } from '../answers.ts';
import { ask, findServer, type Server } from '../client.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { dataDirOf } from '../data-dir.ts';
import { hasLog } from '../offline.ts';

/** While a file of this name lies in the data directory, nothing new is done. It can only stop. */
export const OFF_FILE = 'OFF';

/** Starts or ends a change freeze. Throws when no server runs: then nothing changes anyway. */
export async function freeze(on: boolean, options: Common, context: Context): Promise<Outcome> {
  const answer = await stop(findServer(options, context), { freeze: on });
  const line = on
    ? 'frozen: no change is started; the undo of one that was started still runs. End it: firebreak freeze off'
    : 'the freeze is over: approved changes can start again';
  return { lines: [line], json: answer };
}

function stop(
  server: Server,
  body: { freeze: boolean } | { off: boolean },
): Promise<{ freeze?: boolean | undefined; off?: boolean | undefined }> {
  return ask(server, { method: 'POST', path: '/v1/stop', body }, StopAnswer);
}

/** Stops every new effect at once: the file first, which needs neither token nor server, then the server for the record. */
export async function off(options: Common, context: Context): Promise<Outcome> {
  const dataDir = dataDirOf(options, context);
  const file = join(dataDir, OFF_FILE);
  const used = isUsed(dataDir);
  writeOff(dataDir, file);
  if (!used) return nothingStopped(dataDir, file);
  const recorded = await tellServer(options, context);
  const lines = [
    `off: nothing new is done from now on, undo included (${file}). Switch on again: firebreak on`,
  ];
  return {
    lines: recorded === null ? lines : [...lines, `not yet in the log: ${recorded}`],
    json: { off: true, file, recorded: recorded === null },
  };
}

/** Whether a Firebreak keeps its data here; a server that is starting may have no log yet. */
function isUsed(dataDir: string): boolean {
  return hasLog(dataDir) || existsSync(join(dataDir, 'server.json'));
}

/** In the wrong folder nothing may read like a stop. */
function nothingStopped(dataDir: string, file: string): Outcome {
  const lines = [
    `no Firebreak has its data in ${dataDir}; nothing was stopped`,
    'name the right folder: firebreak off --data-dir FOLDER, or run it beside firebreak.yaml',
    `a server that is started with this folder would find ${file} and do nothing new`,
  ];
  return { lines, json: { off: false, file, recorded: false }, exit: 1 };
}

function writeOff(dataDir: string, file: string): void {
  try {
    makePrivateDir(dataDir);
    writeFileSync(file, 'Everything is off while this file is here.\n', { mode: 0o600 });
  } catch (error) {
    throw new FirebreakError(
      'data_dir_unusable',
      `NOT off: ${file} cannot be written (${messageOf(error)}); stop the server process instead`,
      { cause: error },
    );
  }
}

/** Null when the server took it into the log, else why not: the file stops it all the same. */
async function tellServer(options: Common, context: Context): Promise<string | null> {
  try {
    await stop(findServer(options, context), { off: true });
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * Switches on again. The log says off before the file goes away, so that nothing runs until the server has found that
 * the person is an owner.
 */
export async function on(options: Common, context: Context): Promise<Outcome> {
  const server = findServer(options, context);
  const file = join(server.dataDir, OFF_FILE);
  if (existsSync(file)) {
    await stop(server, { off: true });
    rmSync(file, { force: true });
  }
  const answer = await stop(server, { off: false });
  return { lines: ['on: changes that people approve can start, unless there is a freeze'], json: answer };
}
