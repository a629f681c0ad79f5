import type { ApprovalId } from '#core/ids.ts';
import { approvalStream, fact, incidentStream } from '#incidents/entry.ts';
import type { Approval } from './approval.ts';
import type { GateDeps } from './gate-deps.ts';
import { mayApprove, mayRespond, type Person, suffice } from './people.ts';
import { recordRefused } from './record-refused.ts';

export type DecisionInput = {
  readonly approval: ApprovalId;
  /** The hash of what the person saw; another one means that they decided on something else. */
  readonly hash: string;
  readonly decision: 'approve' | 'deny' | 'revoke';
  readonly person: Person;
  readonly via: 'cli' | 'demo' | 'slack' | 'api';
  /** The target's name, typed by the person, where the tier asks for it. */
  readonly typed: string | null;
};
export type DecisionRefusal =
  | 'not_found'
  | 'not_pending'
  | 'other_plan'
  | 'not_allowed'
  | 'expired'
  | 'already_decided'
  | 'requester'
  | 'target_not_typed'
  | 'stopped';
export type Decided =
  | { kind: 'decided'; approval: Approval; complete: boolean }
  | { kind: 'refused'; reason: DecisionRefusal; approval: Approval | null };

/** Takes one person's decision; roles are looked up now, and a late or repeated one is answered with the true state. */
export async function decide(deps: GateDeps, input: DecisionInput): Promise<Decided> {
  for (;;) {
    const approval = deps.approvals.get(input.approval);
    const refusal = approval === undefined ? 'not_found' : refusalOf(deps, approval, input);
    if (approval === undefined || refusal !== undefined)
      return refuse(deps, input, { reason: refusal ?? 'not_found', approval: approval ?? null });
    const complete = input.decision !== 'approve' || isComplete(deps, approval, input.person);
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
  { approval: id, decision, person }: DecisionInput,
  { reason, approval }: { reason: DecisionRefusal; approval: Approval | null },
): Promise<Decided> {
  const refused = { by: person.id, what: decision, reason, approval: id };
  await recordRefused(deps.log, refused, approval?.plan.incident);
  return { kind: 'refused', reason, approval };
}

function refusalOf(deps: GateDeps, approval: Approval, input: DecisionInput): DecisionRefusal | undefined {
  const { person, decision } = input;
  if (decision === 'revoke' ? !mayRespond(person) : !mayApprove(person)) return 'not_allowed';
  if (input.hash !== approval.hash) return 'other_plan';
  if (decision === 'revoke') return approval.state === 'approved' ? undefined : 'not_pending';
  if (approval.state !== 'pending') return 'not_pending';
  if (deps.clock.now() >= approval.plan.expiresAt) return 'expired';
  if (decision === 'deny') return undefined;
  if (deps.flags().off || deps.flags().frozen) return 'stopped';
  if (approval.decisions.some((one) => one.by === person.id)) return 'already_decided';
  if (approval.plan.tier === 'R3' && input.typed !== approval.plan.service) return 'target_not_typed';
  return undefined;
}

/** Whether, with this person's yes, enough different people agree. */
function isComplete(deps: GateDeps, approval: Approval, person: Person): boolean {
  const { tier, service } = approval.plan;
  const owner = deps.inventory.services.get(service)?.owner ?? '';
  const voters = [...approval.decisions.flatMap((one) => deps.people.get(one.by) ?? []), person];
  return suffice(voters, { tier, owner });
}

function draftOf(approval: Approval, { decision, person, via }: DecisionInput, complete: boolean) {
  const { id, hash, cardDigest, plan } = approval;
  const context = {
    actor: { kind: 'person', id: person.id } as const,
    traceId: plan.run,
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
