import { closeSync, constants, fchmodSync, fstatSync, openSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Log } from '#audit/log.ts';
import { messageOf } from '#core/errors.ts';
import { clip, inert } from '#core/inert.ts';
import type { CheckId } from '#doctor/check.ts';
import type { Facts, FileFact } from '#doctor/facts.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import type { Repair } from '#incidents/facts/posture.ts';

export type RepairDeps = {
  readonly log: Pick<Log, 'append'>;
  readonly uid: number | undefined;
  /** Keeps a checkpoint elsewhere now; resolves to what went wrong, or null. Left out = nothing is kept elsewhere. */
  readonly anchor?: () => Promise<string | null>;
};

/** A repair, and the check that showed what was wrong. */
export type Repaired = { readonly check: CheckId; readonly what: string; readonly isDone: boolean };

/**
 * Makes the repairs that are safe, of what these facts show: modes of our own files that others could use, and a
 * checkpoint that was not kept for too long. Each is an entry before and after. Nothing is done while everything is off.
 * Gives those that were tried; rejects when the log takes no entry.
 */
export async function repair(facts: Facts, deps: RepairDeps): Promise<readonly Repaired[]> {
  if (facts.stops.kind !== 'known' || facts.stops.value.off || facts.stops.value.file) return [];
  const made: Repaired[] = [];
  const files = loosened(facts, deps.uid);
  if (files.length > 0) {
    const about = { repair: 'file-modes', what: filesWord(files) } as const;
    const isDone = await recorded(deps, about, async () =>
      files.flatMap((file) => tighten(file, deps.uid) ?? []),
    );
    made.push({ check: 'file-modes', what: `modes of ${about.what}`, isDone });
  }
  const { anchor } = deps;
  if (anchor !== undefined && isAnchorLate(facts)) {
    const about = { repair: 're-anchor', what: 'the newest checkpoint' } as const;
    const isDone = await recorded(deps, about, async () => {
      const problem = await anchor();
      return problem === null ? [] : [problem];
    });
    made.push({ check: 'anchor-age', what: about.what, isDone });
  }
  return made;
}

/** Never the config: a group may be who writes it. */
function loosened({ files }: Facts, uid: number | undefined): readonly FileFact[] {
  if (files.kind !== 'known' || uid === undefined) return [];
  return files.value.filter(
    ({ what, mode, loose, isOurs }) => what !== 'config' && isOurs && (mode & loose) !== 0,
  );
}

function isAnchorLate({ anchors, now }: Facts): boolean {
  if (anchors.kind !== 'known' || anchors.value.everyMs === null) return false;
  const { everyMs, lastAt, startedAt } = anchors.value;
  return now - (lastAt ?? startedAt ?? now) > 2 * everyMs;
}

function filesWord(files: readonly FileFact[]): string {
  const names = files.slice(0, 5).map(({ path }) => inert(path));
  return clip(`${files.length}: ${names.join(', ')}`, 300);
}

/** What went wrong, in words, decides the outcome. */
async function recorded(
  { log }: RepairDeps,
  { repair, what }: { readonly repair: Repair; readonly what: string },
  work: () => Promise<readonly string[]>,
): Promise<boolean> {
  const context = { actor: SYSTEM, traceId: 'guard' };
  await log.append([fact('repair.begun', { repair, what }, context)]);
  const isDone = await work().then(
    (problems) => problems.length === 0,
    () => false,
  );
  const outcome = isDone ? 'done' : 'failed';
  await log.append([
    fact('repair.ended', { repair, outcome, reason: isDone ? null : 'not_possible' }, context),
  ]);
  return isDone;
}

/**
 * Takes away what others may do with a file, and nothing of what its owner may. Only of a file or folder that belongs to
 * `uid`, has no other name, and still lies where it was seen: no link is followed, neither at the end nor on the way.
 * Undefined when it is done, else why not. Never throws.
 */
export function tighten(
  { path, loose }: Pick<FileFact, 'path' | 'loose'>,
  uid: number | undefined,
): string | undefined {
  let fd: number | undefined;
  try {
    const place = join(realpathSync(dirname(path)), basename(path));
    if (place !== path) return 'a link leads there';
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = fstatSync(fd);
    if (uid === undefined || found.uid !== uid) return 'it belongs to another user';
    if (!found.isFile() && !found.isDirectory()) return 'it is no file';
    if (found.isFile() && found.nlink !== 1) return 'it has another name';
    if (placeOf(fd) !== path) return 'it was moved';
    fchmodSync(fd, found.mode & 0o7777 & ~(loose & 0o077));
    return undefined;
  } catch (error) {
    return messageOf(error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Where an open file lies, as the system says. */
function placeOf(fd: number): string {
  return readlinkSync(`/proc/self/fd/${fd}`);
}
