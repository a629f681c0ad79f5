import { closeSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, type Random, realClock } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import { type Living, livingHolder, thisHolder } from './lock-holder.ts';
import { createPrivateFile, readIfThere } from './private-files.ts';

export type LockOptions = {
  dir: string;
  command: string;
  now: number;
  random: Random;
  /** Beats in real time unless told otherwise, whatever clock the log has: others judge by the time of the files. */
  timer?: Pick<Clock, 'after'>;
};

export type DataDirLock = {
  /** Gives the directory back, if it is still ours. */
  release(): void;
  /** Looks at once, and calls `fn` when another process has taken the directory over. */
  whenLost(fn: (error: FirebreakError) => void): void;
};

const BEAT_MS = 5000;

/**
 * Takes `<dir>/lock` for this process. Throws `data_dir_locked` while its holder lives.
 *
 * A lock file appears whole (link of a finished file) or not at all. It is stale when its process is gone, when its pid
 * now belongs to another process or boot, or when a holder that cannot be seen from here stopped touching it. A stale lock
 * is never deleted: whoever creates `lock.over-<its digest>`, which only one can, succeeds it. If that one died too, its
 * file is succeeded in the same way. The winner then checks that the chain it went along still stands (it does not if
 * somebody else finished meanwhile), renames its lock over `lock` and only then removes the links of the chain.
 */
export function lockDataDir(options: LockOptions): DataDirLock {
  const { dir, random, timer = realClock } = options;
  const content = JSON.stringify(thisHolder(options));
  const lock = join(dir, 'lock');
  for (;;) {
    const chain = claim({ dir, content, random });
    if (chain === undefined) continue;
    if (chain.length > 0) {
      const draft = join(dir, `lock.${random.uuid()}`);
      createPrivateFile(draft, content, 'draft');
      renameSync(draft, lock);
      for (const link of chain) rmSync(link.next, { force: true });
    }
    return keep({ lock, content, timer });
  }
}

type Kept = { lock: string; content: string; timer: Pick<Clock, 'after'> };

/** Touches the lock until it is given back or lost. */
function keep({ lock, content, timer }: Kept): DataDirLock {
  let lost = false;
  let tell: (error: FirebreakError) => void = () => {};
  let cancel = () => {};
  const beat = (): void => {
    cancel();
    if (!lost && touch(lock, content)) cancel = timer.after(BEAT_MS, beat);
    else {
      lost = true;
      tell(new FirebreakError('data_dir_locked', 'another process has taken the data directory over'));
    }
  };
  cancel = timer.after(BEAT_MS, beat);
  return {
    release: () => {
      cancel();
      if (readIfThere(lock)?.toString() === content) rmSync(lock);
    },
    whenLost: (fn) => {
      tell = fn;
      beat();
    },
  };
}

/**
 * Writes the same bytes again, so that the time of the file is that of its file system. False when it is no longer ours;
 * a file that cannot be written says nothing about whose it is.
 */
function touch(lock: string, content: string): boolean {
  let fd: number | undefined;
  try {
    fd = openSync(lock, 'r+');
    if (readFileSync(fd, 'utf8') !== content) return false;
    writeSync(fd, content, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT');
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

type Link = { path: string; content: string; next: string };

/** The stale links passed on the way to a free place, now ours; undefined when somebody was faster: start again. */
function claim(options: { dir: string; content: string; random: Random }): Link[] | undefined {
  const { random } = options;
  const chain: Link[] = [];
  let path = join(options.dir, 'lock');
  while (!createPrivateFile(path, options.content, random.uuid())) {
    const held = readIfThere(path)?.toString();
    if (held === undefined) return undefined;
    const living = livingHolder({ path, content: held, random });
    if (living) throw lockedBy(living);
    const next = join(options.dir, `lock.over-${sha256(held)}`);
    chain.push({ path, content: held, next });
    path = next;
  }
  if (chain.every((link) => readIfThere(link.path)?.toString() === link.content)) return chain;
  rmSync(path, { force: true });
  return undefined;
}

function lockedBy({ holder, elsewhere }: Living): FirebreakError {
  const since = new Date(holder.since).toTimeString().slice(0, 5);
  const who = `process ${holder.pid} (${holder.command}, since ${since})`;
  const advice =
    elsewhere === undefined
      ? '. Talk to it: firebreak status'
      : ` in another container or on another machine. If it is gone, try again in ${Math.ceil(elsewhere.forMs / 1000)} s`;
  return new FirebreakError('data_dir_locked', `data directory is in use by ${who}${advice}`);
}
