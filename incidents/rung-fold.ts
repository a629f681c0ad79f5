import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry } from '#audit/log.ts';
import { IncidentId, PersonId } from '#core/ids.ts';
import { type Fact, readFact } from './entry.ts';

const Reached = z.object({
  rung: z.int(),
  at: z.int(),
  people: z.array(PersonId),
  team: z.string().nullable(),
  reason: z.string(),
});
const RungState = z.object({
  /** When it became critical, in this round; null: it did not. */
  criticalAt: z.int().nullable(),
  /** When people were asked to take it over. */
  neededAt: z.int().nullable(),
  /** A plan waits for an answer, or nobody gave one, and nobody more was asked since. */
  raised: z.enum(['approval_waiting', 'approval_expired']).nullable(),
  /** When a person last decided something: somebody is there. */
  signAt: z.int(),
  /** When somebody said that they have seen it; null: nobody has, or more was asked of people since. */
  seenAt: z.int().nullable(),
  reached: z.array(Reached),
});
/** Whom the log says was asked about an incident in this round, and what calls for asking more. */
export type RungState = z.infer<typeof RungState>;

const NOBODY: RungState = {
  criticalAt: null,
  neededAt: null,
  raised: null,
  signAt: 0,
  seenAt: null,
  reached: [],
};

/** Who was asked about each open incident, folded from the log; a resolved one is forgotten. */
export class RungFold implements Fold {
  readonly name = 'rungs';
  readonly version = 2;
  #states = new Map<IncidentId, RungState>();

  get(id: IncidentId): RungState {
    return this.#states.get(id) ?? NOBODY;
  }

  apply(entry: Entry): void {
    if (entry.incidentId === undefined || !KINDS.has(entry.kind)) return;
    const fact = readFact(entry);
    if (fact !== undefined) this.#step(fact, entry.incidentId);
  }

  #step(fact: Fact, id: IncidentId): void {
    const { ts } = fact.entry;
    const state = this.get(id);
    const put = (change: Partial<RungState>) => this.#states.set(id, { ...state, ...change });
    // Whoever had seen it is given their time once more.
    const anew = { seenAt: null, signAt: state.seenAt === null ? state.signAt : ts };
    switch (fact.kind) {
      case 'incident.opened':
        put({ ...NOBODY, criticalAt: fact.body.severity === 'critical' ? ts : null });
        return;
      case 'incident.reopened':
        this.#states.set(id, NOBODY);
        return;
      case 'incident.resolved':
        this.#states.delete(id);
        return;
      case 'alert.joined':
      case 'alert.suppressed':
        if (fact.body.alert.severity === 'critical' && state.criticalAt === null)
          put({ ...anew, criticalAt: ts });
        return;
      case 'incident.escalated':
        put({ ...anew, neededAt: ts });
        return;
      case 'approval.reminded':
        put({ ...anew, raised: 'approval_waiting' });
        return;
      case 'approval.expired':
        put({ ...anew, raised: 'approval_expired' });
        return;
      case 'approval.approved':
      case 'approval.rejected':
        put({ raised: null, signAt: ts });
        return;
      case 'incident.acknowledged':
        put({ seenAt: ts, signAt: ts });
        return;
      case 'rung.reached':
        put({ raised: null, seenAt: null, reached: [...state.reached, { ...fact.body, at: ts }] });
        return;
      default:
        return;
    }
  }

  save(): unknown {
    return [...this.#states];
  }
  load(state: unknown): void {
    this.#states = new Map(z.array(z.tuple([IncidentId, RungState])).parse(state));
  }
  reset(): void {
    this.load([]);
  }
}

const KINDS: ReadonlySet<string> = new Set([
  'incident.opened',
  'incident.reopened',
  'incident.resolved',
  'alert.joined',
  'alert.suppressed',
  'incident.escalated',
  'approval.reminded',
  'approval.expired',
  'approval.approved',
  'approval.rejected',
  'incident.acknowledged',
  'rung.reached',
]);
