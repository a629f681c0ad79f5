import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry } from '#audit/log.ts';
import { readFact } from './entry.ts';

const Seen = z.object({ at: z.int(), downMs: z.int() });
const Saved = z.object({ lastTs: z.int(), seen: z.array(z.tuple([z.string(), Seen])) });

/** When the alert that must keep coming was last seen, by source, folded from the log. */
export class WatchdogFold implements Fold {
  readonly name = 'watchdogs';
  readonly version = 1;
  #lastTs = 0;
  #seen = new Map<string, z.infer<typeof Seen>>();

  /** Undefined: never. `downMs`: how long the server could not have seen one since. */
  get(source: string): z.infer<typeof Seen> | undefined {
    return this.#seen.get(source);
  }

  apply(entry: Entry): void {
    if (entry.kind === 'server.started') {
      const down = this.#lastTs === 0 ? 0 : entry.ts - this.#lastTs;
      for (const seen of this.#seen.values()) seen.downMs += down;
    }
    this.#lastTs = entry.ts;
    if (entry.kind !== 'watchdog.seen') return;
    const fact = readFact(entry);
    if (fact?.kind === 'watchdog.seen') this.#seen.set(fact.body.source, { at: entry.ts, downMs: 0 });
  }
  save(): unknown {
    return { lastTs: this.#lastTs, seen: [...this.#seen] };
  }
  load(state: unknown): void {
    const saved = Saved.parse(state);
    this.#lastTs = saved.lastTs;
    this.#seen = new Map(saved.seen);
  }
  reset(): void {
    this.load({ lastTs: 0, seen: [] });
  }
}
