import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Disk, realDisk } from '#audit/disk.ts';
import { type FileLog, openFileLog } from '#audit/file-log.ts';
import type { Fold } from '#audit/fold.ts';
import { verifyLog } from '#audit/verify.ts';
import { realRandom } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { type Dice, dice } from './attacks.ts';
import { inTemp } from './victim.ts';

export type Cycles = {
  readonly cycles: number;
  readonly crashes: number;
  readonly keyChanges: number;
  readonly acknowledged: number;
  readonly falseAlarms: readonly string[];
  readonly lost: readonly string[];
};

const FULL_EVERY = 50;

/** What goes on in one data directory: `acknowledged[n]` is the entry of work item n, as its caller was told. */
type Ward = {
  dir: string;
  clock: FakeClock;
  roll: Dice;
  acknowledged: Map<number, number>;
  notes: string[];
  next: number;
  crashes: number;
  keyChanges: number;
  falseAlarms: string[];
  lost: string[];
};

/**
 * Opens, uses, and closes or crashes one log over and over, with small segments and changes of key in between. A crash
 * happens at a random write: a part of its bytes arrives (or, as after a power cut, a hole of sectors), then no more.
 */
export function crashAndRotate(cycles: number, seed: number): Promise<Cycles> {
  return inTemp(async (dir) => {
    const ward: Ward = {
      ...{
        dir: join(dir, 'data'),
        clock: new FakeClock(),
        roll: dice(seed),
        acknowledged: new Map(),
        notes: [],
      },
      ...{ next: 0, crashes: 0, keyChanges: 0, falseAlarms: [], lost: [] },
    };
    for (let cycle = 0; cycle < cycles; cycle += 1) await oneCycle(ward, cycle);
    await verifyAll(ward);
    const { crashes, keyChanges, acknowledged, falseAlarms, lost } = ward;
    return { cycles, crashes, keyChanges, acknowledged: acknowledged.size, falseAlarms, lost };
  });
}

async function oneCycle(ward: Ward, cycle: number): Promise<void> {
  const { dir, clock, roll } = ward;
  clock.jump(roll(5000));
  const disk = mortalDisk(roll);
  const seen = new Set<number>();
  let log: FileLog;
  try {
    log = await openFileLog({
      ...{ dir, clock, random: realRandom, disk: disk.disk, folds: [workFold(seen)] },
      ...{ segmentBytes: 6000, snapshotEvery: 20 },
    });
  } catch (error) {
    if (disk.isDead()) ward.crashes += 1;
    else ward.falseAlarms.push(`cycle ${cycle}: ${messageOf(error)}`);
    return;
  }
  for (const item of ward.acknowledged.keys())
    if (!seen.has(item)) ward.lost.push(`cycle ${cycle}: work item ${item}`);
  await work(ward, log);
  if (!disk.isDead()) ward.notes.push(log.checkpoint().note);
  else ward.crashes += 1;
  await log.close();
  if (disk.isDead() && roll(3) === 0) writeFileSync(join(dir, 'cache', 'snapshot.json.new'), '{"format":');
  if (roll(10) === 0) rmSync(join(dir, 'cache'), { recursive: true, force: true });
  if (cycle % FULL_EVERY === FULL_EVERY - 1) await verifyAll(ward);
}

async function work(ward: Ward, log: FileLog): Promise<void> {
  const { roll } = ward;
  const jobs: Promise<void>[] = [];
  for (let n = roll(8); n >= 0; n -= 1) {
    const item = ward.next;
    ward.next += 1;
    const payloads = roll(2) === 0 ? [{ id: `p${item}`, content: Buffer.alloc(roll(900), 'x') }] : [];
    const appended = log.append([
      {
        streams: ['work'],
        traceId: 't',
        actor: { kind: 'system', id: 'w' },
        kind: 'work',
        body: { item },
        payloads,
      },
    ]);
    jobs.push(
      appended.then(
        (done) =>
          void ward.acknowledged.set(item, done.kind === 'appended' ? (done.entries[0]?.seq ?? -1) : -1),
        () => undefined,
      ),
    );
    if (roll(2) === 0) await jobs.at(-1);
    if (roll(6) === 0) {
      const change = log.rotateKey('cycle').then(
        () => {
          ward.keyChanges += 1;
        },
        () => undefined,
      );
      if (roll(2) === 0) jobs.push(change);
      await change;
    }
  }
  await Promise.all(jobs);
}

/** The whole log, every checkpoint that anybody was shown, and every acknowledged entry where it was said to be. */
async function verifyAll(ward: Ward): Promise<void> {
  const items = new Map<number, number>();
  const verified = await verifyLog({
    dir: ward.dir,
    against: ward.notes,
    onEntry: ({ kind, body, seq }) => {
      if (kind === 'work') items.set(Number(body.item), seq);
    },
  });
  if (verified.kind === 'bad') ward.falseAlarms.push(`${verified.reason} at entry ${verified.entry}`);
  for (const [item, seq] of ward.acknowledged)
    if (items.get(item) !== seq) ward.lost.push(`work item ${item} is not entry ${seq}`);
}

/** Dies at a random one of its next writes, or lives. */
function mortalDisk(roll: Dice): { disk: Disk; isDead(): boolean } {
  let left = roll(3) === 0 ? Number.POSITIVE_INFINITY : roll(10);
  let dead = false;
  const die = (): never => {
    dead = true;
    throw new Error('the process ends here');
  };
  const write = (fd: number, bytes: Buffer, at: number): void => {
    if (dead) die();
    left -= 1;
    if (left >= 0) return realDisk.write(fd, bytes, at);
    const hole = roll(4) === 0 ? Math.ceil(at / 512) * 512 - at : -1;
    if (hole >= 0 && hole + 512 < bytes.length) writeWithHole({ fd, bytes, at, hole });
    else realDisk.write(fd, bytes.subarray(0, roll(bytes.length + 1)), at);
    die();
  };
  const sync = (fd: number): void => {
    if (dead) die();
    realDisk.sync(fd);
    // What was synced may have been synced without anybody being told.
    if (left === 0 && roll(2) === 0) die();
  };
  const disk: Disk = {
    write,
    sync,
    writeLater: async (fd, bytes, at) => write(fd, bytes, at),
    syncLater: async (fd) => sync(fd),
  };
  return { disk, isDead: () => dead };
}

/** One sector of the bytes never arrives. */
function writeWithHole(piece: { fd: number; bytes: Buffer; at: number; hole: number }): void {
  const torn = Buffer.from(piece.bytes);
  torn.fill(0, piece.hole, piece.hole + 512);
  realDisk.write(piece.fd, torn, piece.at);
}

function workFold(seen: Set<number>): Fold {
  return {
    name: 'work',
    version: 1,
    apply: ({ kind, body }) => {
      if (kind === 'work') seen.add(Number(body.item));
    },
    save: () => [...seen],
    load: (state) => {
      seen.clear();
      if (!Array.isArray(state)) throw new Error('not a saved state');
      for (const item of state) seen.add(Number(item));
    },
    reset: () => seen.clear(),
  };
}
