import type { Clock } from '#core/clock.ts';

/** How much faster this time goes than the real one: half a minute of waiting is then a third of a second. */
const FACTOR = 100;

/** Time that goes on across processes: it began at the real instant `origin`, ms since 1970. */
export function fastClock(origin: number): Clock {
  const sleep: Clock['sleep'] = (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms / FACTOR);
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', stop, { once: true });
    });
  return {
    now: () => Math.round(origin + (Date.now() - origin) * FACTOR),
    mono: () => performance.now() * FACTOR,
    sleep,
    after: (ms, fn) => {
      const timer = setTimeout(fn, ms / FACTOR).unref();
      return () => clearTimeout(timer);
    },
  };
}
