import type { Clock } from '#core/clock.ts';

/** Calls `tick` now, and again `everyMs` after each time it returned, until the signal aborts; then returns. */
export async function repeat(work: {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly signal: AbortSignal;
  readonly tick: () => Promise<void>;
}): Promise<void> {
  while (!work.signal.aborted) {
    await work.tick();
    await work.clock.sleep(work.everyMs, work.signal).catch(() => undefined);
  }
}
