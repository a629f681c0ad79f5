import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry } from '#audit/log.ts';
import { IncidentId } from '#core/ids.ts';

const Saved = z.object({ erased: z.array(IncidentId) });

/** Incidents whose content is erased: their keys are destroyed, or will be by the next start. */
export class ErasedFold implements Fold {
  readonly name = 'erased';
  readonly version = 1;
  #erased = new Set<IncidentId>();

  has(id: IncidentId): boolean {
    return this.#erased.has(id);
  }
  all(): readonly IncidentId[] {
    return [...this.#erased];
  }

  apply(entry: Entry): void {
    if (entry.incidentId === undefined) return;
    if (entry.kind === 'payloads.erased') this.#erased.add(entry.incidentId);
    // New content has a new key, which nobody asked to destroy.
    else if (entry.payloads.length > 0) this.#erased.delete(entry.incidentId);
  }
  save(): unknown {
    return { erased: this.all() };
  }
  load(state: unknown): void {
    this.#erased = new Set(Saved.parse(state).erased);
  }
  reset(): void {
    this.#erased.clear();
  }
}
