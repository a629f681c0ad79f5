import { z } from 'zod';
import type { PostgresActivity, PostgresLocks } from '#incidents/observations-postgres.ts';
import { withoutValues } from './statement.ts';

const Seconds = z.number().nullable();
/** One client session, as `pg_stat_activity` shows it; most is null for a role that may not see others. */
export const Session = z.object({
  pid: z.int(),
  user_name: z.string().nullable(),
  app: z.string().nullable(),
  state: z.string().nullable(),
  wait_type: z.string().nullable(),
  wait_event: z.string().nullable(),
  open_s: Seconds,
  query_s: Seconds,
  state_s: Seconds,
  text: z.string().nullable(),
});
export type Session = z.infer<typeof Session>;
export const Waiter = z.object({
  pid: z.int(),
  blocked_by: z.array(z.int()),
  waits_s: Seconds,
  relation: z.string().nullable(),
});
export type Waiter = z.infer<typeof Waiter>;

const isActive = ({ state }: Session): boolean => state === 'active' || state === 'fastpath function call';
const isIdleIn = ({ state }: Session): boolean => state?.startsWith('idle in transaction') === true;
/** Clocks of a client and a server differ by a little. */
const positive = (seconds: number | null): number | null => (seconds === null ? null : Math.max(0, seconds));
/** A statement that is gone, or that this role may not see. */
const shown = (text: string | null): string | null =>
  text === null || text === '' || text === '<insufficient privilege>' ? null : withoutValues(text);

/** Sessions by what they do, what they wait for and what they run. Pure. */
export function summary(
  sessions: readonly Session[],
): Pick<PostgresActivity, 'connections' | 'byState' | 'waits' | 'queries'> {
  const active = sessions.filter(isActive);
  const isVisible = sessions.some(({ state }) => state !== null);
  return {
    connections: sessions.length,
    byState:
      !isVisible && sessions.length > 0
        ? null
        : {
            active: active.length,
            idle: sessions.filter(({ state }) => state === 'idle').length,
            idleInTransaction: sessions.filter(isIdleIn).length,
            waitingForLock: active.filter(({ wait_type }) => wait_type === 'Lock').length,
          },
    waits: waitsOf(active),
    queries: queriesOf(active),
  };
}

function waitsOf(active: readonly Session[]): PostgresActivity['waits'] {
  const groups = Map.groupBy(
    active,
    ({ wait_type, wait_event }) => `${wait_type ?? 'CPU'} ${wait_event ?? ''}`,
  );
  return [...groups.values()]
    .map((of) => ({
      type: of[0]?.wait_type ?? 'CPU',
      event: of[0]?.wait_event ?? null,
      sessions: of.length,
    }))
    .sort((a, b) => b.sessions - a.sessions);
}

function queriesOf(active: readonly Session[]): PostgresActivity['queries'] {
  const groups = Map.groupBy(active, ({ text }) => shown(text) ?? '');
  groups.delete('');
  return [...groups]
    .map(([text, of]) => ({
      text,
      sessions: of.length,
      computing: of.filter(({ wait_type }) => wait_type === null).length,
      longestS: positive(longest(of.map(({ query_s }) => query_s))),
      wait: of.find(({ wait_type }) => wait_type !== null)?.wait_type ?? null,
      callsPerS: null,
    }))
    .sort((a, b) => b.sessions - a.sessions || (b.longestS ?? 0) - (a.longestS ?? 0));
}

/**
 * Who holds up whom: from each session that waits, on to those that it waits for, until one does not wait itself. A session
 * that only holds up itself in a circle has no such end and is left to the server's own deadlock check. Pure.
 */
export function lockTree(waiters: readonly Waiter[], sessions: readonly Session[]): PostgresLocks {
  const waits = new Map(waiters.map((one) => [one.pid, one]));
  const behind = new Map<number, Waiter[]>();
  for (const waiter of waiters)
    for (const root of rootsOf(waiter.pid, waits)) behind.set(root, [...(behind.get(root) ?? []), waiter]);
  const blockers = [...behind].map(([pid, held]) => {
    const session = sessions.find((one) => one.pid === pid);
    return {
      session: pid,
      user: session?.user_name ?? null,
      app: session?.app ?? null,
      state: session?.state ?? null,
      openS: positive(session?.open_s ?? null),
      waiting: held.length,
      relation: held.find(({ relation }) => relation !== null)?.relation ?? null,
      text: shown(session?.text ?? null),
    };
  });
  return {
    look: 'locks',
    waiting: waiters.length,
    oldestWaitS: positive(longest(waiters.map(({ waits_s }) => waits_s))),
    blockers: blockers.sort((a, b) => b.waiting - a.waiting || a.session - b.session),
  };
}

function rootsOf(pid: number, waits: ReadonlyMap<number, Waiter>): Set<number> {
  const roots = new Set<number>();
  const seen = new Set<number>([pid]);
  for (const at of seen) {
    const next = waits.get(at)?.blocked_by ?? [];
    if (next.length === 0 && at !== pid) roots.add(at);
    for (const one of next) seen.add(one);
  }
  return roots;
}

function longest(seconds: readonly (number | null)[]): number | null {
  const known = seconds.filter((one) => one !== null);
  return known.length === 0 ? null : Math.max(...known);
}
