import type { Clock } from '#core/clock.ts';

/**
 * An alert that goes on firing is told of again after this long: its incident may have been closed meanwhile, and must
 * not be forgotten for it.
 */
export const RETELL_MS = 10 * 60_000;

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
