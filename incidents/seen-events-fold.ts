import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry } from '#audit/log.ts';
import { Digest } from '#core/ids.ts';
import { readFact } from './entry.ts';

/** A delivery that tells of something longer ago is refused; so what is told again can be recognised for ever. */
export const EVENT_AGE_MS = 24 * 3_600_000;
/** Longer than that: the clock may be set back a little. */
const KEPT_MS = 2 * EVENT_AGE_MS;
const TIDY_EVERY_MS = 600_000;

const Saved = z.object({ seen: z.array(z.tuple([Digest, z.int()])), tidiedAt: z.int() });

/** Deliveries that their senders gave a name, folded from the log: each is taken in once, also across a restart. */
export class SeenEventsFold implements Fold {
  readonly name = 'seen-events';
  readonly version = 1;
  #seen = new Map<Digest, number>();
  #tidiedAt = 0;

  has(key: Digest): boolean {
    return this.#seen.has(key);
  }
  apply(entry: Entry): void {
    if (entry.kind !== 'delivery.received') return;
    const fact = readFact(entry);
    if (fact?.kind !== 'delivery.received' || fact.body.eventAt === undefined) return;
    this.#seen.set(fact.body.key, fact.body.eventAt);
    if (entry.ts - this.#tidiedAt >= TIDY_EVERY_MS) this.#tidy(entry.ts);
  }
  #tidy(now: number): void {
    this.#tidiedAt = now;
    for (const [key, at] of this.#seen) if (at < now - KEPT_MS) this.#seen.delete(key);
  }
  save(): unknown {
    return { seen: [...this.#seen], tidiedAt: this.#tidiedAt };
  }
  load(state: unknown): void {
    const { seen, tidiedAt } = Saved.parse(state);
    this.#seen = new Map(seen);
    this.#tidiedAt = tidiedAt;
  }
  reset(): void {
    this.load({ seen: [], tidiedAt: 0 });
  }
}
