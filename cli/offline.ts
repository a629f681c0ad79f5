import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ApprovalFold } from '#approvals/approval-fold.ts';
import { StopFold } from '#approvals/stop-fold.ts';
import type { Entry } from '#audit/log.ts';
import { segmentName } from '#audit/segment-files.ts';
import { type ShowOptions, showLog } from '#audit/show.ts';
import { logDirOf } from '#audit/verify.ts';
import { FirebreakError } from '#core/errors.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import { createSessionsFold, type SessionsFold } from '#sessions/sessions-fold.ts';
import { findServer, type Server } from './client.ts';
import type { Common, Context } from './context.ts';
import { dataDirOf } from './data-dir.ts';

/** What the log says, read without a server and without the lock. Nothing of it is verified. */
export type LogState = {
  readonly incidents: IncidentFold;
  readonly approvals: ApprovalFold;
  readonly stops: StopFold;
  readonly sessions: SessionsFold;
  readonly entries: number;
  /** The first line that could not be read. */
  readonly bad: string | null;
};

/** Reads the whole log through the folds. Throws `not_found` when there is none. */
export async function readLogState(dataDir: string): Promise<LogState> {
  const folds = {
    incidents: new IncidentFold(),
    approvals: new ApprovalFold(),
    stops: new StopFold(),
    sessions: createSessionsFold(),
  };
  let entries = 0;
  let bad: string | null = null;
  for await (const shown of readLines({ dir: dataDir })) {
    if (shown.kind === 'bad') {
      bad ??= `${shown.segment} line ${shown.line}: ${shown.reason}`;
      continue;
    }
    entries += 1;
    for (const fold of Object.values(folds)) fold.apply(shown.entry);
  }
  return { ...folds, entries, bad };
}

/** The entries of a log that a filter lets through; lines that cannot be read are left out. */
export async function readEntries(filter: ShowOptions): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const shown of readLines(filter)) if (shown.kind === 'entry') entries.push(shown.entry);
  return entries;
}

/** `showLog` for a log that must be there. Throws `not_found`. */
export function readLines(filter: ShowOptions): ReturnType<typeof showLog> {
  return showLog({ ...filter, dir: logIn(filter.dir) });
}

/** The same directory, when there is a log in it. Throws `not_found`. */
export function logIn(dir: string): string {
  if (hasLog(dir)) return dir;
  throw new FirebreakError(
    'not_found',
    `there is no log in ${dir}; start Firebreak there with: firebreak serve`,
  );
}

/** Whether there is a log in this directory. */
export function hasLog(dir: string): boolean {
  return existsSync(join(logDirOf(dir), segmentName(0)));
}

export type Ways<T> = { online: (server: Server) => Promise<T>; offline: (dataDir: string) => Promise<T> };

/**
 * Reads through the server where one can be talked to, else from the log itself, and says so in one line. What the
 * server refuses is not read behind its back.
 */
export async function reading<T>(options: Common, context: Context, ways: Ways<T>): Promise<T> {
  try {
    return await ways.online(findServer(options, context));
  } catch (error) {
    const dataDir = dataDirOf(options, context);
    if (!(error instanceof FirebreakError) || error.code !== 'server_unreachable' || !hasLog(dataDir))
      throw error;
    context.err(`${error.message} (this is from the log itself, not verified)`);
    return ways.offline(dataDir);
  }
}
