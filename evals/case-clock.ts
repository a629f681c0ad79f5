import type { Clock } from '#core/clock.ts';

type Timer = { readonly at: number; readonly order: number; readonly fire: () => void };

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Turns of the event loop after which everything that needs no time to pass has gone on. */
const TURNS = 4;

/**
 * The time of a case: it stands still while anything can go on, and moves when somebody sleeps, to the end of the shortest
 * sleep. What is timed beside it (deadlines) fires only when time has passed it. So a case takes no time, and two runs of
 * it are alike whatever the machine's clock says. `start` in ms since 1970. Never throws.
 */
export function caseClock(start: number): Clock {
  const timers = new Set<Timer>();
  let passed = 0;
  let order = 0;
  let sleeping = 0;
  let isMoving = false;

  const after = (ms: number, fire: () => void): (() => void) => {
    const timer = { at: passed + Math.max(0, ms), order, fire };
    order += 1;
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  const move = async (): Promise<void> => {
    isMoving = true;
    while (sleeping > 0) {
      for (let turn = 0; turn < TURNS; turn += 1) await nextTurn();
      const next = firstOf(timers);
      if (next === undefined || sleeping === 0) break;
      timers.delete(next);
      passed = Math.max(passed, next.at);
      next.fire();
    }
    isMoving = false;
  };
  return {
    now: () => start + passed,
    mono: () => passed,
    after,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const cancel = after(ms, resolve);
      const stop = (): void => reject(signal?.reason);
      signal?.addEventListener('abort', stop, { once: true });
      sleeping += 1;
      if (!isMoving) void move();
      try {
        await promise;
      } finally {
        sleeping -= 1;
        cancel();
        signal?.removeEventListener('abort', stop);
      }
    },
  };
}

function firstOf(timers: ReadonlySet<Timer>): Timer | undefined {
  let first: Timer | undefined;
  for (const timer of timers)
    if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
      first = timer;
  return first;
}
