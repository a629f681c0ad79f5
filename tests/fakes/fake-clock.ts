import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '#core/clock.ts';

type Timer = { readonly at: number; readonly order: number; readonly fire: () => void };

/**
 * Time that moves only when told to. `advance` fires timers and sleepers in the order they are due, and lets promises
 * settle after each, so that what a timer starts can set the next one.
 */
export class FakeClock implements Clock {
  #now: number;
  #mono = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(start = Date.UTC(2026, 0, 5, 3, 12, 0)) {
    this.#now = start;
  }
  now(): number {
    return this.#now;
  }
  mono(): number {
    return this.#mono;
  }
  /** Timers and sleepers that wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const cancel = this.after(ms, () => resolve());
    const stop = (): void => {
      cancel();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', stop, { once: true });
    try {
      await promise;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  after(ms: number, fn: () => void): () => void {
    const timer: Timer = { at: this.#mono + Math.max(0, ms), order: this.#order++, fire: fn };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Moves both times forward by `ms`, firing what falls due on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.#mono + ms;
    await settle();
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#timers.delete(timer);
      this.#moveTo(timer.at);
      timer.fire();
      await settle();
    }
    this.#moveTo(end);
  }

  /** Moves on in steps until `done()`; throws when that takes longer than `limitMs` of this clock's time. */
  async advanceUntil(
    done: () => boolean,
    options: { stepMs?: number; limitMs?: number } = {},
  ): Promise<void> {
    const { stepMs = 100, limitMs = 600_000 } = options;
    const end = this.#mono + limitMs;
    while (!done()) {
      if (this.#mono >= end) throw new Error(`not reached within ${limitMs} ms`);
      await this.advance(stepMs);
    }
  }

  /** The wall clock jumps, as after a wrong time server; durations are not affected. */
  jump(ms: number): void {
    this.#now += ms;
  }

  #moveTo(mono: number): void {
    if (mono <= this.#mono) return;
    this.#now += mono - this.#mono;
    this.#mono = mono;
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at > end) continue;
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
        first = timer;
    }
    return first;
  }
}

/** Lets promise chains and finished file operations run on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await nextTurn();
}
