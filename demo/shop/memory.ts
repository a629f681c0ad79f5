/** Memory of one instance: what it holds on to, and whether it has come too close to its limit. */
export type Memory = {
  /** Starts keeping memory, about 70 MB a second, up to just below the limit; only the end of the process frees it. */
  retain(): void;
  pressed(): boolean;
};

const STEP_BYTES = 7_000_000;
const STEP_MS = 100;
const PRESSED_SHARE = 0.8;
const STOP_SHARE = 0.97;

/** `limitBytes` is compared with the resident size of this process, read at most every 100 ms. */
export function createMemory(limitBytes: number): Memory {
  const kept: Buffer[] = [];
  let retaining = false;
  let share = 0;
  const measure = (): void => {
    share = process.memoryUsage.rss() / limitBytes;
  };
  setInterval(measure, STEP_MS).unref();
  return {
    retain: () => {
      if (retaining) return;
      retaining = true;
      setInterval(() => {
        measure();
        if (share < STOP_SHARE) kept.push(Buffer.alloc(STEP_BYTES, 1));
      }, STEP_MS);
    },
    pressed: () => share > PRESSED_SHARE,
  };
}
