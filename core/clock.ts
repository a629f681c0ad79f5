import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

/** Time as a parameter. `now` is wall time in ms since 1970; `mono` only ever grows and measures durations in ms. */
export type Clock = {
  now(): number;
  mono(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Runs `fn` once after `ms`; the returned function cancels. Does not keep the process alive. */
  after(ms: number, fn: () => void): () => void;
};

/** Randomness as a parameter. */
export type Random = { bytes(size: number): Buffer; uuid(): string };

export const realClock: Clock = {
  now: () => Date.now(),
  mono: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal ? { signal } : {});
  },
  after: (ms, fn) => {
    const timer = setTimeout(fn, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

export const realRandom: Random = { bytes: (size) => randomBytes(size), uuid: () => randomUUID() };
