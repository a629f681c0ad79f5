import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry } from '#audit/log.ts';
import { Digest, PersonId, ServiceId } from '#core/ids.ts';
import { type BodyOf, type Fact, readFact } from './entry.ts';

/** Ended windows stay listed so long. */
const KEPT_MS = 7 * 24 * 3_600_000;
const KEPT_WINDOWS = 500;

const Maintenance = z.object({
  id: z.string(),
  service: ServiceId,
  from: z.int(),
  until: z.int(),
  reason: z.string(),
  by: PersonId,
  endedBy: PersonId.nullable(),
});
/** A time in which pages of a service are left alone, as a person asked. */
export type Maintenance = z.infer<typeof Maintenance>;

const LeftAlone = z.object({ until: z.int(), pages: z.array(Digest) });
const Saved = z.object({
  added: z.int(),
  total: z.int(),
  windows: z.array(Maintenance),
  leftAlone: z.array(z.tuple([z.string(), LeftAlone])),
});

/** Maintenance that people added, and how many pages each window left alone, folded from the log. */
export class MaintenanceFold implements Fold {
  readonly name = 'maintenance';
  readonly version = 1;
  /** Windows ever added; the next one is `M-` and one more. */
  added = 0;
  /** Pages ever left alone, by any window or silence. */
  total = 0;
  #windows = new Map<string, Maintenance>();
  /** Of each window, or each occurrence of a weekly one. */
  #leftAlone = new Map<string, z.infer<typeof LeftAlone>>();

  /** All that ended less than a week ago or did not end yet, oldest first. */
  all(): readonly Maintenance[] {
    return [...this.#windows.values()];
  }
  get(id: string): Maintenance | undefined {
    return this.#windows.get(id);
  }
  /** How many different pages a window has left alone in its present or last occurrence. */
  pages(window: string): number {
    return this.#leftAlone.get(window)?.pages.length ?? 0;
  }

  apply(entry: Entry): void {
    if (!KINDS.has(entry.kind)) return;
    const fact = readFact(entry);
    if (fact !== undefined) this.#step(fact);
  }

  #step(fact: Fact): void {
    if (fact.kind === 'maintenance.added') {
      this.added += 1;
      this.#prune(fact.entry.ts);
      this.#windows.set(fact.body.id, { ...fact.body, endedBy: null });
    } else if (fact.kind === 'maintenance.ended') {
      const window = this.#windows.get(fact.body.id);
      if (window === undefined) return;
      window.endedBy = fact.body.by;
      window.until = Math.min(window.until, fact.entry.ts);
    } else if (fact.kind === 'page.suppressed') this.#count(fact.body);
  }

  #count({ window, until, alert }: BodyOf<'page.suppressed'>): void {
    const known = this.#leftAlone.get(window);
    const pages = known?.until === until ? known.pages : [];
    if (pages.includes(alert.fingerprint)) return;
    this.total += 1;
    if (known === undefined && this.#leftAlone.size >= KEPT_WINDOWS) {
      const [oldest] = this.#leftAlone.keys();
      if (oldest !== undefined) this.#leftAlone.delete(oldest);
    }
    this.#leftAlone.set(window, { until, pages: [...pages, alert.fingerprint] });
  }

  #prune(now: number): void {
    for (const { id, until } of this.#windows.values())
      if (until < now - KEPT_MS) {
        this.#windows.delete(id);
        this.#leftAlone.delete(id);
      }
  }

  save(): unknown {
    const { added, total } = this;
    return { added, total, windows: [...this.#windows.values()], leftAlone: [...this.#leftAlone] };
  }
  load(state: unknown): void {
    const saved = Saved.parse(state);
    this.added = saved.added;
    this.total = saved.total;
    this.#windows = new Map(saved.windows.map((window) => [window.id, window]));
    this.#leftAlone = new Map(saved.leftAlone);
  }
  reset(): void {
    this.load({ added: 0, total: 0, windows: [], leftAlone: [] });
  }
}

const KINDS: ReadonlySet<string> = new Set(['maintenance.added', 'maintenance.ended', 'page.suppressed']);
