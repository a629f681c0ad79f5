import type { Clock } from '#core/clock.ts';
import type { Execute } from '#tools/carry-out.ts';
import type { ChildEvents, ExecutorChild } from './child.ts';

/** A child that ends sooner after its start counts as a quick death. */
const QUICK_MS = 10_000;
const QUICK_DEATHS = 3;
const SHORT_PAUSE_MS = 200;
const LONG_PAUSE_MS = 30_000;

/** `why` says how the last one ended, for people. */
export type ExecutorHealth = { readonly kind: 'up' | 'starting' | 'down'; readonly why: string | null };

export type KeeperDeps = {
  readonly clock: Clock;
  readonly start: (events: ChildEvents) => ExecutorChild;
  /** Told whenever the health's kind changes. */
  readonly onHealth: (health: ExecutorHealth) => void;
};
export type Keeper = Pick<Execute, 'change' | 'ready'> & {
  health(): ExecutorHealth;
  /** From now on nobody is made to wait: `ready` says `closed`. What is under way goes on. */
  release(): void;
  /** Ends the child, and resolves when it is gone. */
  close(): Promise<void>;
};

/**
 * Keeps one child running.
 * - starting: a child was started. -> up (it can begin), down (it ended).
 * - up: orders go to it. -> down (it ended; what it had under way is unknown).
 * - down: nothing can be changed. -> starting, after a pause: 200 ms, or 30 s once three in a row ended within 10 s.
 * - closed: final. The child is ended, nobody waits.
 */
export function keepExecutor({ clock, start, onHealth }: KeeperDeps): Keeper {
  let health: ExecutorHealth = { kind: 'starting', why: null };
  let child: ExecutorChild | undefined;
  let quickDeaths = 0;
  let isReleased = false;
  let isClosed = false;
  let cancelPause = () => {};
  const gone = Promise.withResolvers<void>();
  const waiters = new Set<() => void>();
  const enter = (kind: ExecutorHealth['kind'], why: string | null): void => {
    health = { kind, why };
    onHealth(health);
    for (const wake of waiters) wake();
  };
  const begin = (): void => {
    const startedAt = clock.mono();
    const onEnd = (why: string): void => {
      child = undefined;
      if (isClosed) return gone.resolve();
      quickDeaths = clock.mono() - startedAt < QUICK_MS ? quickDeaths + 1 : 0;
      cancelPause = clock.after(quickDeaths >= QUICK_DEATHS ? LONG_PAUSE_MS : SHORT_PAUSE_MS, begin);
      enter('down', why);
    };
    if (health.kind !== 'starting') enter('starting', health.why);
    child = start({ onReady: () => enter('up', null), onEnd });
  };
  begin();
  return {
    health: () => health,
    change: async (permit, deadlineMs) => {
      if (child !== undefined && health.kind === 'up') return child.change(permit, deadlineMs);
      return { kind: 'refused', reason: 'executor_down', detail: 'nothing was sent: no process to make it' };
    },
    ready: (limitMs) => {
      const now = () => (isReleased ? 'closed' : health.kind === 'up' ? 'up' : undefined);
      return waitFor(now, { clock, limitMs, waiters });
    },
    release: () => {
      isReleased = true;
      for (const wake of waiters) wake();
    },
    close: async () => {
      isClosed = true;
      cancelPause();
      if (child === undefined) return;
      child.kill();
      await gone.promise;
    },
  };
}

type Wait = { clock: Clock; limitMs: number; waiters: Set<() => void> };

/** What `now` says as soon as it says something; `down` when it has not by the limit. */
function waitFor(
  now: () => 'up' | 'closed' | undefined,
  { clock, limitMs, waiters }: Wait,
): ReturnType<Keeper['ready']> {
  const { promise, resolve } = Promise.withResolvers<'up' | 'down' | 'closed'>();
  const look = (): void => {
    const found = now();
    if (found !== undefined) resolve(found);
  };
  waiters.add(look);
  const cancel = clock.after(limitMs, () => resolve('down'));
  look();
  return promise.finally(() => {
    cancel();
    waiters.delete(look);
  });
}
