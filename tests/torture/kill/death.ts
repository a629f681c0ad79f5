import { type Disk, realDisk } from '#audit/disk.ts';

/** Where a life ends: at its `at`-th step from 1 on; a write that is cut there keeps this part of its bytes, 0 to 1. */
export type Death = { readonly at: number; readonly part: number };

export type Steps = {
  /** Counts a step, and ends the process by SIGKILL when it is the one. */
  step(): void;
  /** Steps so far. */
  count(): number;
  /** The real disk, with steps before (or inside), between and after its calls. */
  readonly disk: Disk;
};

/** Every step at which something becomes durable or happens; `undefined` lives to its end. */
export function stepsUntil(death: Death | undefined): Steps {
  let count = 0;
  const isLast = (): boolean => {
    count += 1;
    return count === death?.at;
  };
  const step = (): void => {
    if (isLast()) die();
  };
  const write: Disk['write'] = (fd, bytes, at) => {
    if (isLast()) {
      realDisk.write(fd, bytes.subarray(0, Math.floor(bytes.length * (death?.part ?? 0))), at);
      die();
    }
    realDisk.write(fd, bytes, at);
    step();
  };
  const sync: Disk['sync'] = (fd) => {
    realDisk.sync(fd);
    step();
  };
  const disk: Disk = {
    write,
    sync,
    writeLater: async (fd, bytes, at) => write(fd, bytes, at),
    syncLater: async (fd) => sync(fd),
  };
  return { step, count: () => count, disk };
}

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}
