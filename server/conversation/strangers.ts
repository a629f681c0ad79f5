import type { Log } from '#audit/log.ts';
import type { Clock } from '#core/clock.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import type { Speaker } from '#slack/ports.ts';

/** Accounts that the config does not know: what they try is written down, but they cannot fill the log. */
export type Strangers = {
  /** Records that an account wanted something, unless it did so too often. */
  record(who: Speaker, what: string): Promise<void>;
  /** Whether something of this account may be recorded now; counts it. Records first how much was left out before. */
  admits(who: Speaker): Promise<boolean>;
};

const MOST_A_MINUTE = 20;
const MINUTE_MS = 60_000;
/** Of more accounts than that the ones that came first are forgotten. */
const MOST_ACCOUNTS = 1_000;

/** An empty count in memory: so many things of each account are taken in a minute, what comes beyond is only counted. */
export function createStrangers({ log, clock }: { log: Log; clock: Pick<Clock, 'now'> }): Strangers {
  const accounts = new Map<string, { since: number; taken: number; left: number }>();
  const write = async ({ team, user }: Speaker, what: string): Promise<void> => {
    const body = { what: `slack ${what}`, peer: `${team} ${user}`, correlation: 'slack' };
    await log.append([fact('auth.failed', body, { actor: SYSTEM, traceId: 'slack' })]);
  };
  const admits = async (who: Speaker): Promise<boolean> => {
    const key = `${who.team} ${who.user}`;
    const now = clock.now();
    const known = accounts.get(key);
    if (known !== undefined && now - known.since < MINUTE_MS) {
      if (known.taken < MOST_A_MINUTE) known.taken += 1;
      else known.left += 1;
      return known.left === 0;
    }
    accounts.delete(key);
    accounts.set(key, { since: now, taken: 1, left: 0 });
    for (const oldest of accounts.keys()) {
      if (accounts.size <= MOST_ACCOUNTS) break;
      accounts.delete(oldest);
    }
    if (known !== undefined && known.left > 0) await write(who, `more, ${known.left} times`);
    return true;
  };
  return {
    admits,
    record: async (who, what) => {
      if (await admits(who)) await write(who, what);
    },
  };
}
