import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry } from '#audit/log.ts';
import type { ApprovalId, IncidentId } from '#core/ids.ts';
import { type BodyOf, type Fact, readFact } from '#incidents/entry.ts';
import { type Approval, type ApprovalState, isEnded, nextStep } from './approval.ts';
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
  readonly version = 2;
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
    else step(this.#find(fact), fact);
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
      undo: 'none',
    });
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

/** One fact of one approval. */
function step(approval: Approval | undefined, fact: Fact): void {
  if (approval === undefined) return;
  const enter = (state: ApprovalState, reason: string | null = null) => {
    Object.assign(approval, { state, reason, at: fact.entry.ts, seq: fact.entry.seq });
  };
  switch (fact.kind) {
    case 'approval.approved':
      approval.decisions.push({
        by: fact.body.by,
        at: fact.entry.ts,
        via: fact.body.via,
        roles: fact.body.roles,
      });
      return fact.body.complete ? enter('approved') : undefined;
    case 'approval.rejected':
      return enter('rejected', fact.body.by);
    case 'approval.expired':
      return enter('expired');
    case 'approval.withdrawn':
      return enter('withdrawn', fact.body.reason);
    case 'approval.superseded':
      return enter('superseded', fact.body.by);
    case 'approval.revoked':
      return enter('revoked', fact.body.by);
    case 'approval.claimed':
      return enter('claimed');
    case 'approval.invalidated':
      return enter('invalidated', fact.body.reason);
    default:
      return stepAction(approval, fact, enter);
  }
}

function stepAction(
  approval: Approval,
  fact: Fact,
  enter: (state: ApprovalState, reason?: string | null) => void,
): void {
  switch (fact.kind) {
    case 'tool.intended': {
      if (fact.body.phase !== 'run' && fact.body.phase !== 'undo') return;
      const undo = fact.body.phase === 'undo';
      approval.calls.push({
        step: fact.body.step ?? 0,
        call: fact.body.call,
        undo,
        outcome: 'open',
        generation: null,
        startedAt: fact.entry.ts,
      });
      if (undo) approval.undo = 'started';
      else enter('started');
      return;
    }
    case 'tool.finished':
      return finishCall(approval, fact.body, enter);
    case 'action.reconciled':
      return settleCall(approval, fact.body.call, fact.body.effect === 'happened' ? 'ok' : 'failed', enter);
    case 'action.quarantined':
      return enter('quarantined');
    case 'action.sampled':
      approval.samples += 1;
      approval.inBand = fact.body.inBand ? approval.inBand + 1 : 0;
      return;
    case 'action.verified':
      return enter('verified');
    case 'action.unverified':
      return enter('unverified', fact.body.reason);
    case 'action.undone':
      approval.undo = fact.body.complete ? 'done' : 'failed';
      return enter('undone', fact.body.reason);
    default:
      return;
  }
}

function finishCall(
  approval: Approval,
  body: BodyOf<'tool.finished'>,
  enter: (state: ApprovalState, reason?: string | null) => void,
): void {
  const made = approval.calls.find((call) => call.call === body.call);
  const generation = body.facts?.generation;
  if (made && typeof generation === 'number') made.generation = generation;
  settleCall(
    approval,
    body.call,
    body.outcome === 'ok' ? 'ok' : body.outcome === 'unknown' ? 'unknown' : 'failed',
    enter,
  );
}

function settleCall(
  approval: Approval,
  call: string,
  outcome: 'ok' | 'failed' | 'unknown',
  enter: (state: ApprovalState, reason?: string | null) => void,
): void {
  const made = approval.calls.find((one) => one.call === call);
  if (made === undefined) return;
  made.outcome = outcome;
  if (made.undo) return;
  if (outcome === 'ok') enter(nextStep(approval) === undefined ? 'succeeded' : 'approved');
  else enter(outcome);
}
