import type { ApprovalId } from '#core/ids.ts';
import { approvalStream, fact, incidentStream } from '#incidents/entry.ts';
import type { Approval } from './approval.ts';
import { type DecisionRefusal, decisionMove, type Said } from './decision.ts';
import type { GateDeps } from './gate-deps.ts';
import { recordRefused } from './record-refused.ts';
import { viewOf } from './view.ts';

export type DecisionInput = Said & {
  readonly approval: ApprovalId;
  readonly via: 'cli' | 'demo' | 'slack' | 'api';
  /** The request that carried it; left out = the entry belongs to the run that proposed. */
  readonly trace?: string;
};
export type Decided =
  | { kind: 'decided'; approval: Approval; complete: boolean }
  | { kind: 'refused'; reason: DecisionRefusal; approval: Approval | null };

/** Takes one person's decision; roles are looked up now, and a late or repeated one is answered with the true state. */
export async function decide(deps: GateDeps, input: DecisionInput): Promise<Decided> {
  for (;;) {
    const approval = deps.approvals.get(input.approval);
    if (approval === undefined) return refuse(deps, input, { reason: 'not_found', approval: null });
    const move = decisionMove(viewOf(deps), approval, input);
    if (move.kind === 'refuse') return refuse(deps, input, { reason: move.reason, approval });
    const { complete } = move;
    const stream = approvalStream(approval.id);
    const appended = await deps.log.append([draftOf(approval, input, complete)], {
      expect: { [stream]: deps.log.version(stream) },
    });
    if (appended.kind === 'appended') return { kind: 'decided', approval, complete };
  }
}

/** A no to a person is recorded like any other: who tried what, and why not. */
async function refuse(
  deps: GateDeps,
  { approval: id, decision, person, trace }: DecisionInput,
  { reason, approval }: { reason: DecisionRefusal; approval: Approval | null },
): Promise<Decided> {
  const refused = { by: person.id, what: decision, reason, approval: id };
  await recordRefused(deps.log, refused, { incident: approval?.plan.incident, trace });
  return { kind: 'refused', reason, approval };
}

function draftOf(approval: Approval, { decision, person, via, trace }: DecisionInput, complete: boolean) {
  const { id, hash, cardDigest, plan } = approval;
  const context = {
    actor: { kind: 'person', id: person.id } as const,
    traceId: trace ?? plan.run,
    incident: plan.incident,
    streams: [approvalStream(id), incidentStream(plan.incident)],
  };
  switch (decision) {
    case 'approve':
      return fact(
        'approval.approved',
        { approval: id, hash, cardDigest, by: person.id, roles: [...person.roles], via, complete },
        context,
      );
    case 'deny':
      return fact('approval.rejected', { approval: id, by: person.id, via }, context);
    case 'revoke':
      return fact('approval.revoked', { approval: id, by: person.id }, context);
  }
}
