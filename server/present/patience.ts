import type { Clock } from '#core/clock.ts';

/** What became of a try: `unreachable` says something of Slack, `refused` of this one message. */
export type Tried = 'ok' | 'unreachable' | 'refused';

export type Patience = {
  /** How long to wait before the next try, ms; 0 = none. */
  wait(key: string): number;
  note(key: string, tried: Tried): void;
  /** One that cannot be made now, through no fault of Slack. */
  leave(key: string): void;
};

const FIRST_MS = 1000;
const MOST_MS = 30_000;
const REFUSED_FIRST_MS = 60_000;
const REFUSED_MOST_MS = 30 * 60_000;

type Waiting = { times: number; until: number };

/**
 * Waits longer after each failure in a row: for everything while Slack cannot be reached (1 s to 30 s), for one message
 * that was refused (1 min to 30 min). The first success ends both.
 */
export function createPatience(clock: Pick<Clock, 'mono'>): Patience {
  const down: Waiting = { times: 0, until: 0 };
  const refused = new Map<string, Waiting>();
  const later = (waiting: Waiting, [first, most]: readonly [number, number]): void => {
    waiting.until = clock.mono() + Math.min(most, first * 2 ** Math.min(waiting.times, 20));
    waiting.times += 1;
  };
  const leave = (key: string): void => {
    const waiting = refused.get(key) ?? { times: 0, until: 0 };
    refused.set(key, waiting);
    later(waiting, [REFUSED_FIRST_MS, REFUSED_MOST_MS]);
  };
  return {
    wait: (key) => Math.max(0, down.until - clock.mono(), (refused.get(key)?.until ?? 0) - clock.mono()),
    note: (key, tried) => {
      if (tried === 'unreachable') return later(down, [FIRST_MS, MOST_MS]);
      Object.assign(down, { times: 0, until: 0 });
      if (tried === 'ok') refused.delete(key);
      else leave(key);
    },
    leave,
  };
}
