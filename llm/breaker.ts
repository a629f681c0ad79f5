import type { Clock } from '#core/clock.ts';

/** So many failures in a row open it. */
const FAILURES = 3;
/** How long it stays open before one probe may pass, ms. */
const OPEN_MS = 30_000;

/** Leave for one attempt. Exactly one of the three must be called; `undecided` says nothing about the other side. */
export type Pass = {
  worked(): void;
  failed(): void;
  undecided(): void;
};

/**
 * Closed: everything passes; the third failure in a row opens it. Open: nothing passes for 30 s. Then half-open: one
 * probe passes, all others are turned away at once instead of waiting for it. The probe closes it by working, opens it
 * again by failing, and leaves the place to the next one when it ended undecided (a person's abort proves nothing).
 * Of the attempts that passed before it opened, one that worked closes it; one that failed does not lengthen the 30 s.
 */
export type Breaker = { enter(): Pass | null };

export function createBreaker(clock: Clock): Breaker {
  let failures = 0;
  let openedAt: number | null = null;
  let probing = false;
  const isOpen = (): boolean => openedAt !== null && clock.mono() - openedAt < OPEN_MS;
  return {
    enter: () => {
      const probe = openedAt !== null;
      if (isOpen() || (probe && probing)) return null;
      if (probe) probing = true;
      const leave = (): void => {
        if (probe) probing = false;
      };
      return {
        worked: () => {
          leave();
          failures = 0;
          openedAt = null;
        },
        failed: () => {
          leave();
          failures += 1;
          if (openedAt === null ? failures >= FAILURES : probe) openedAt = clock.mono();
        },
        undecided: leave,
      };
    },
  };
}

/** One breaker per name, made when it is first asked for. */
export function createBreakers(clock: Clock): (name: string) => Breaker {
  const known = new Map<string, Breaker>();
  return (name) => {
    const breaker = known.get(name) ?? createBreaker(clock);
    known.set(name, breaker);
    return breaker;
  };
}
