import { readdir, readFile, statfs } from 'node:fs/promises';
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import type { Clock } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import type { HostSeen } from '#incidents/observations-host.ts';
import type { HostDriver } from './host-port.ts';
import { shortForeign } from './http-text.ts';

/** Between two readings of the processors' counters. */
const MOMENT_MS = 250;
const MAX_PROCESSES = 4000;
const PAGE = 4096;
/**
 * File systems that hold data here; the others are views of the kernel. Those of another machine are left out: while it does not
 * answer, each question keeps one of the few threads that all files of this process are read and written by.
 */
const STORES = new Set(['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'zfs', 'overlay', 'f2fs']);

/**
 * The machine that this runs on, through the operating system's own figures and `/proc`, without starting anything. Processes are
 * shown by name only: arguments may hold secrets. What the system does not show is null or left out. Never throws.
 */
export function createHost(clock: Clock, proc = '/proc', room: RoomOf = statfs): HostDriver {
  const unanswered = new Set<string>();
  return {
    status: async (signal) => {
      try {
        const [cpu, memory, disks, processes] = await Promise.all([
          processors(proc, clock, signal),
          memoryOf(proc),
          disksOf(proc, (path) => roomOf(path, { room, unanswered })),
          processesOf(proc),
        ]);
        const [one = 0, five = 0, fifteen = 0] = loadavg();
        const value: HostSeen = {
          load: [one, five, fifteen],
          processors: availableParallelism(),
          ...{ cpu, memory, disks, processes },
        };
        return { kind: 'seen', value };
      } catch (error) {
        const reason = signal.aborted ? 'timeout' : 'bad_answer';
        return { kind: 'gap', reason, detail: shortForeign(messageOf(error)) };
      }
    },
  };
}

const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

async function processors(proc: string, clock: Clock, signal: AbortSignal): Promise<HostSeen['cpu']> {
  const before = counters(await textOf(`${proc}/stat`));
  await clock.sleep(MOMENT_MS, signal);
  const after = counters(await textOf(`${proc}/stat`));
  if (before === null || after === null) return null;
  const all = after.all - before.all;
  if (all <= 0) return null;
  const share = (now: number, then: number): number => Math.min(1, Math.max(0, (now - then) / all));
  const waiting = share(after.waiting, before.waiting);
  return { busy: Math.max(0, 1 - share(after.idle, before.idle) - waiting), waiting };
}

/** Ticks of all processors since the machine started. */
function counters(text: string): { all: number; idle: number; waiting: number } | null {
  const [, ...ticks] = (text.split('\n')[0] ?? '').trim().split(/\s+/);
  // The last two are part of the first two.
  const values = ticks.slice(0, 8).map(Number);
  const [, , , idle, waiting] = values;
  if (idle === undefined || waiting === undefined || values.some((value) => !Number.isFinite(value)))
    return null;
  return { all: values.reduce((sum, value) => sum + value, 0), idle, waiting };
}

async function memoryOf(proc: string): Promise<HostSeen['memory']> {
  const text = await textOf(`${proc}/meminfo`);
  const bytes = (name: string): number | null => {
    const found = new RegExp(`^${name}:\\s+(\\d{1,15}) kB`, 'm').exec(text)?.[1];
    return found === undefined ? null : Number(found) * 1024;
  };
  const [swap, free] = [bytes('SwapTotal'), bytes('SwapFree')];
  return {
    total: bytes('MemTotal') ?? totalmem(),
    available: bytes('MemAvailable') ?? freemem(),
    swapUsed: swap === null || free === null ? null : Math.max(0, swap - free),
  };
}

type Room = { readonly blocks: number; readonly bavail: number; readonly bsize: number };
type RoomOf = (path: string) => Promise<Room>;
const NO_ROOM: Room = { blocks: 0, bavail: 0, bsize: 0 };

/** The room at a path; a path that still owes an answer is not asked again. */
async function roomOf(path: string, at: { room: RoomOf; unanswered: Set<string> }): Promise<Room> {
  if (at.unanswered.has(path)) return NO_ROOM;
  at.unanswered.add(path);
  try {
    return await at.room(path);
  } catch {
    return NO_ROOM;
  } finally {
    at.unanswered.delete(path);
  }
}

async function disksOf(proc: string, room: RoomOf): Promise<HostSeen['disks']> {
  const mounts = (await textOf(`${proc}/self/mounts`)).split('\n').flatMap((line) => {
    const [device = '', path = '', kind = ''] = line.split(' ');
    return STORES.has(kind) ? [{ device, path: path.replaceAll('\\040', ' ').slice(0, 200) }] : [];
  });
  // One line for each device: it may be mounted in many places.
  const first = new Map(
    mounts.toReversed().map(({ device, path }) => [device === 'overlay' ? path : device, path]),
  );
  const found = await Promise.all(
    [...new Set(['/', ...first.values()])].slice(0, 20).map(async (path) => {
      const { blocks, bavail, bsize } = await room(path);
      return { path, total: blocks * bsize, free: bavail * bsize };
    }),
  );
  return found.filter(({ total }) => total > 0);
}

async function processesOf(proc: string): Promise<HostSeen['processes']> {
  const ids = (await readdir(proc).catch(() => []))
    .filter((name) => /^\d+$/.test(name))
    .slice(0, MAX_PROCESSES);
  const groups = new Map<string, { count: number; resident: number }>();
  for (const id of ids) {
    const name = (await textOf(`${proc}/${id}/comm`)).trim().slice(0, 60);
    const pages = Number((await textOf(`${proc}/${id}/statm`)).split(' ')[1] ?? 0);
    if (name === '' || !Number.isFinite(pages)) continue;
    const known = groups.get(name) ?? { count: 0, resident: 0 };
    groups.set(name, { count: known.count + 1, resident: known.resident + pages * PAGE });
  }
  return [...groups]
    .map(([name, { count, resident }]) => ({ name, count, resident }))
    .sort((a, b) => b.resident - a.resident)
    .slice(0, 10);
}
