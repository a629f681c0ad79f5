import { readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Random } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import { createPrivateFile, readIfThere } from './private-files.ts';

/** Who holds a data directory. `started` is the process's start time in clock ticks, `boot` the machine's boot id. */
const Holder = z.object({
  pid: z.int().positive(),
  command: z.string(),
  since: z.int(),
  started: z.string().optional(),
  boot: z.string().optional(),
  nonce: z.string(),
});
type Holder = z.infer<typeof Holder>;

export type LockOptions = { dir: string; command: string; now: number; random: Random };

/**
 * Takes `<dir>/lock` for this process; the returned function gives it back. Throws `data_dir_locked` while its holder
 * lives.
 *
 * A lock file appears whole (link of a finished file) or not at all. It is stale when its process is gone, or when its
 * pid now belongs to another process or boot. A stale lock is never deleted: whoever creates `lock.over-<its digest>`,
 * which only one can, succeeds it. If that one died too, its file is succeeded in the same way. The winner then checks
 * that the chain it went along still stands (it does not if somebody else finished meanwhile), renames its lock over
 * `lock` and only then removes the links of the chain.
 */
export function lockDataDir(options: LockOptions): () => void {
  const { dir, random } = options;
  const content = JSON.stringify(describe(options));
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
    return () => {
      if (readIfThere(lock)?.toString() === content) rmSync(lock);
    };
  }
}

type Link = { path: string; content: string; next: string };

/** The stale links passed on the way to a free place, now ours; undefined when somebody was faster: start again. */
function claim(options: { dir: string; content: string; random: Random }): Link[] | undefined {
  const chain: Link[] = [];
  let path = join(options.dir, 'lock');
  while (!createPrivateFile(path, options.content, options.random.uuid())) {
    const held = readIfThere(path)?.toString();
    if (held === undefined) return undefined;
    const holder = liveHolder(held);
    if (holder) throw lockedBy(holder);
    const next = join(options.dir, `lock.over-${sha256(held)}`);
    chain.push({ path, content: held, next });
    path = next;
  }
  if (chain.every((link) => readIfThere(link.path)?.toString() === link.content)) return chain;
  rmSync(path, { force: true });
  return undefined;
}

function describe(options: LockOptions): Holder {
  const started = startTime(process.pid);
  const boot = bootId();
  return {
    pid: process.pid,
    command: options.command,
    since: options.now,
    ...(started === undefined ? {} : { started }),
    ...(boot === undefined ? {} : { boot }),
    nonce: options.random.uuid(),
  };
}

function liveHolder(content: string): Holder | undefined {
  const parsed = Holder.safeParse(parseOrNull(content));
  if (!parsed.success) return undefined;
  const holder = parsed.data;
  if (holder.boot !== bootId() || !isRunning(holder.pid)) return undefined;
  return holder.started === startTime(holder.pid) ? holder : undefined;
}

function lockedBy(holder: Holder): FirebreakError {
  const since = new Date(holder.since).toTimeString().slice(0, 5);
  const who = `process ${holder.pid} (${holder.command}, since ${since})`;
  const message = `data directory is in use by ${who}. Talk to it: firebreak status`;
  return new FirebreakError('data_dir_locked', message);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Field 22 of /proc/PID/stat, counted behind the command name, which may hold anything; undefined where there is no
 * such file, and for a process that is dead but not yet collected by its parent.
 */
function startTime(pid: number): string | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

function bootId(): string | undefined {
  return readProc('/proc/sys/kernel/random/boot_id')?.trim();
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
