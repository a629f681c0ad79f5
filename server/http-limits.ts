import type { Clock } from '#core/clock.ts';
import type { PersonId } from '#core/ids.ts';
import type { PersonRequestsFold } from '#incidents/person-requests-fold.ts';

/** What a request counts as; `free` is never held back: whatever stops things. */
export type Tier = 'read' | 'note' | 'change' | 'free';

/** So many within so long, by person. */
const BOUNDS = {
  note: { most: 30, windowMs: 60_000, words: '30 requests that are written down in a minute' },
  change: { most: 5, windowMs: 5 * 60_000, words: '5 changes asked for or approved in 5 minutes' },
} as const;
/** So many reads at once, and one more each second, by person and machine. */
const READS = { most: 60, everyMs: 1000, words: '60 reads in a minute' };
/** More readers than anybody has; who did not read for longest starts anew. */
const MOST_READERS = 1000;

export type Taken =
  | { readonly kind: 'go'; readonly done: () => void }
  /** `isFirst`: nobody was told within the last minute. */
  | { readonly kind: 'wait'; readonly seconds: number; readonly line: string; readonly isFirst: boolean };

export type RequestLimits = {
  /** Whether a person may ask now; call `done` when the answer is there. */
  take(person: PersonId, tier: Tier, peer: string): Taken;
};

/**
 * Bounds what one person, or one token that was taken from them, can ask for. What is written down is counted from the
 * log, so a restart forgets none; reads leave no entry and are counted in memory.
 */
export function createRequestLimits(deps: { fold: PersonRequestsFold; clock: Clock }): RequestLimits {
  const { fold, clock } = deps;
  const underWay = new Map<string, number>();
  const told = new Map<string, number>();
  const readers = new Map<string, { left: number; at: number }>();

  const wait = (person: PersonId, ms: number, words: string): Taken => {
    const isFirst = clock.now() - (told.get(person) ?? Number.NEGATIVE_INFINITY) >= 60_000;
    if (isFirst) told.set(person, clock.now());
    const seconds = Math.max(1, Math.ceil(ms / 1000));
    return { kind: 'wait', seconds, isFirst, line: `more than ${words}; go on in ${seconds} s` };
  };

  function takeRead(person: PersonId, peer: string): Taken {
    const key = `${person} ${peer}`;
    const { left, at } = readers.get(key) ?? { left: READS.most, at: clock.mono() };
    const now = clock.mono();
    const have = Math.min(READS.most, left + (now - at) / READS.everyMs);
    readers.delete(key);
    readers.set(key, { left: have < 1 ? have : have - 1, at: now });
    const [oldest] = readers.keys();
    if (readers.size > MOST_READERS && oldest !== undefined) readers.delete(oldest);
    return have < 1
      ? wait(person, (1 - have) * READS.everyMs, READS.words)
      : { kind: 'go', done: () => undefined };
  }

  function takeWritten(person: PersonId, tier: 'note' | 'change'): Taken {
    const { most, windowMs, words } = BOUNDS[tier];
    const key = `${person} ${tier}`;
    const times = fold.since(person, tier, clock.now() - windowMs);
    if (times.length + (underWay.get(key) ?? 0) >= most)
      return wait(person, (times[times.length - most] ?? clock.now()) + windowMs - clock.now(), words);
    underWay.set(key, (underWay.get(key) ?? 0) + 1);
    return { kind: 'go', done: () => void underWay.set(key, (underWay.get(key) ?? 1) - 1) };
  }

  return {
    take: (person, tier, peer) => {
      if (tier === 'free') return { kind: 'go', done: () => undefined };
      return tier === 'read' ? takeRead(person, peer) : takeWritten(person, tier);
    },
  };
}
