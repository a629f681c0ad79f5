import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry } from '#audit/log.ts';
import type { ApprovalId, IncidentId } from '#core/ids.ts';
import { type BodyOf, type Fact, readFact } from '#incidents/entry.ts';
import { advance } from './advance.ts';
import { type Approval, isEnded } from './approval.ts';
import { Plan } from './plan.ts';

const Saved = z.object({
  requested: z.int(),
  unreadable: z.int(),
  approvals: z.array(z.custom<Approval>()),
});
/** Ended approvals are kept this long, so that a late click is answered with what became of it. */
const KEEP_MS = 24 * 60 * 60_000;

/** All approvals that can still matter, folded from the log. */
export class ApprovalFold implements Fold {
  readonly name = 'approvals';
  readonly version = 4;
  /** Approvals ever requested. */
  requested = 0;
  /** Those of them whose plan this reader does not know: they cannot be approved, and nothing may be claimed any more. */
  unreadable = 0;
  #approvals = new Map<ApprovalId, Approval>();

  get(id: ApprovalId): Approval | undefined {
    return this.#approvals.get(id);
  }
  all(): readonly Approval[] {
    return [...this.#approvals.values()];
  }
  of(incident: IncidentId): readonly Approval[] {
    return this.all().filter((approval) => approval.plan.incident === incident);
  }

  apply(entry: Entry): void {
    const fact = readFact(entry);
    if (fact === undefined) return;
    if (fact.kind === 'approval.requested') this.#request(fact.body, entry);
    else if (fact.kind === 'log.carried') this.requested = Math.max(this.requested, fact.body.approvals);
    else if (fact.kind === 'incident.resolved') this.#release(entry);
    else {
      const approval = this.#find(fact);
      // In place: whoever holds an approval sees it move on.
      if (approval !== undefined) Object.assign(approval, advance(approval, fact));
    }
  }

  #request(body: BodyOf<'approval.requested'>, entry: Entry): void {
    this.requested += 1;
    const parsed = Plan.safeParse(body.plan);
    if (!parsed.success) {
      this.unreadable += 1;
      return;
    }
    for (const [id, old] of this.#approvals)
      if (isEnded(old) && entry.ts - old.at > KEEP_MS) this.#approvals.delete(id);
    this.#approvals.set(body.approval, {
      id: body.approval,
      plan: parsed.data,
      hash: body.hash,
      cardDigest: body.cardDigest,
      mode: body.mode,
      state: body.mode === 'act' ? 'pending' : 'recorded',
      reason: null,
      requestedAt: entry.ts,
      at: entry.ts,
      seq: entry.seq,
      decisions: [],
      calls: [],
      inBand: 0,
      samples: 0,
      reminded: false,
      undo: 'none',
    });
  }

  /** Whoever closes an incident has looked; code that does has not. */
  #release({ actor, incidentId, ts, seq }: Entry): void {
    if (actor.kind !== 'person') return;
    for (const one of this.all())
      if (one.plan.incident === incidentId && one.state === 'quarantined')
        Object.assign(one, { state: 'released', reason: 'incident_closed', at: ts, seq });
  }

  #find(fact: Fact): Approval | undefined {
    if (fact.kind === 'log.opened' || fact.kind === 'log.recovered') return undefined;
    if ('approval' in fact.body && fact.body.approval !== null)
      return this.#approvals.get(fact.body.approval);
    if (fact.kind !== 'tool.finished') return undefined;
    const { call } = fact.body;
    return this.all().find(
      (one) => one.plan.incident === fact.entry.incidentId && one.calls.some((made) => made.call === call),
    );
  }

  save(): unknown {
    return { requested: this.requested, unreadable: this.unreadable, approvals: this.all() };
  }
  load(state: unknown): void {
    const saved = Saved.parse(state);
    this.requested = saved.requested;
    this.unreadable = saved.unreadable;
    this.#approvals = new Map(saved.approvals.map((approval) => [approval.id, approval]));
  }
  reset(): void {
    this.load({ requested: 0, unreadable: 0, approvals: [] });
  }
}
