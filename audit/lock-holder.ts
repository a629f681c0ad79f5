import { readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import type { Random } from '#core/clock.ts';

/**
 * Who holds a data directory. `started` is the process's start time in clock ticks, `namespace` where its pid counts
 * (each container has its own), `boot` the boot id of the machine, `machine` its id, `host` its name.
 */
const Holder = z.object({
  pid: z.int().positive(),
  command: z.string(),
  since: z.int(),
  started: z.string().optional(),
  namespace: z.string().optional(),
  boot: z.string().optional(),
  machine: z.string().optional(),
  host: z.string().optional(),
  nonce: z.string(),
});
export type Holder = z.infer<typeof Holder>;

/** A holder that cannot be looked at is taken to live until its lock file was left alone for so long. */
const SILENT_MS = 30_000;

/** This process as a holder. Never throws. */
export function thisHolder(options: { command: string; now: number; random: Random }): Holder {
  const { command, now: since, random } = options;
  const started = startTime(process.pid);
  return {
    ...{ pid: process.pid, command, since, nonce: random.uuid() },
    ...(started !== undefined && { started }),
    ...here(),
  };
}

/** A holder that may live; `elsewhere` when only its lock file can tell, with the ms until it counts as gone. */
export type Living = { holder: Holder; elsewhere?: { forMs: number } };

/**
 * The holder that a lock file names, if it may live. Of one whose pid means something here, the process is asked. One
 * from before this machine's boot is gone. Any other, in another container or on another machine, lives while it touches
 * its lock file, by the time of the file system, which they share. Throws when the directory cannot be written.
 */
export function livingHolder(lock: { path: string; content: string; random: Random }): Living | undefined {
  const parsed = Holder.safeParse(parseOrNull(lock.content));
  if (!parsed.success) return undefined;
  const holder = parsed.data;
  switch (whereIs(holder)) {
    case 'here':
      return isRunning(holder.pid) && holder.started === startTime(holder.pid) ? { holder } : undefined;
    case 'before this boot':
      return undefined;
    case 'elsewhere': {
      const forMs = SILENT_MS - silence(lock);
      return forMs > 0 ? { holder, elsewhere: { forMs } } : undefined;
    }
  }
}

type Place = Pick<Holder, 'namespace' | 'boot' | 'machine' | 'host'>;

function here(): Place {
  const namespace = orUndefined(() => readlinkSync('/proc/self/ns/pid'));
  const boot = readLine('/proc/sys/kernel/random/boot_id');
  const machine = readLine('/etc/machine-id');
  return {
    ...(namespace !== undefined && { namespace }),
    ...(boot !== undefined && { boot }),
    ...(machine !== undefined && { machine }),
    host: hostname(),
  };
}

function whereIs(holder: Holder): 'here' | 'before this boot' | 'elsewhere' {
  const own = here();
  const sameHost = holder.host === own.host;
  if (holder.boot === own.boot && (own.boot !== undefined || sameHost)) {
    return (holder.namespace ?? own.namespace) === own.namespace ? 'here' : 'elsewhere';
  }
  // Machines and containers made from one image may share an id, so that the name counts too.
  const sameMachine = own.machine !== undefined && holder.machine === own.machine && sameHost;
  return sameMachine ? 'before this boot' : 'elsewhere';
}

/** For how long nobody touched a lock file, in ms; a file made now tells what time it is where the lock lies. */
function silence({ path, random }: { path: string; random: Random }): number {
  const probe = `${path}.${random.uuid()}`;
  writeFileSync(probe, '', { mode: 0o600, flag: 'wx' });
  const now = statSync(probe).mtimeMs;
  rmSync(probe, { force: true });
  return now - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now);
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
  const stat = orUndefined(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

/** Undefined when there is none, or nothing in it. */
function readLine(path: string): string | undefined {
  return orUndefined(() => readFileSync(path, 'utf8'))?.trim() || undefined;
}

function orUndefined(read: () => string): string | undefined {
  try {
    return read();
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
