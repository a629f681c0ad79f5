import { CallId, type IncidentId } from '#core/ids.ts';
import type { IncidentFold } from './incident-fold.ts';

/** Gives out evidence ids: `e1`, `e2`, ... per incident, never one twice, also for calls whose entry is still queued. */
export class CallNumbers {
  readonly #incidents: IncidentFold;
  readonly #given = new Map<IncidentId, number>();
  constructor(incidents: IncidentFold) {
    this.#incidents = incidents;
  }
  next(incident: IncidentId): CallId {
    const known = this.#incidents.get(incident);
    if (known === undefined) this.#given.delete(incident);
    const next = Math.max(known?.calls ?? 0, this.#given.get(incident) ?? 0) + 1;
    this.#given.set(incident, next);
    return CallId.parse(`e${next}`);
  }
}
