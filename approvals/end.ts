import type { EntryDraft } from '#audit/log.ts';
import type { ApprovalId, IncidentId } from '#core/ids.ts';
import { approvalStream, fact, incidentStream, SYSTEM } from '#incidents/entry.ts';
import type { Approval } from './approval.ts';
import type { GateDeps } from './gate-deps.ts';

/** Ends every pending or approved plan of an incident that no longer needs it. */
export async function withdraw(
  deps: GateDeps,
  incident: IncidentId,
  reason: string,
): Promise<readonly ApprovalId[]> {
  return endEach(
    deps,
    deps.approvals.of(incident).filter((one) => one.state === 'pending' || one.state === 'approved'),
    (one) => fact('approval.withdrawn', { approval: one.id, reason }, endContext(one)),
  );
}

/** Ends every plan whose time is up; the answer to silence is no. */
export async function expireDue(deps: GateDeps): Promise<readonly ApprovalId[]> {
  const now = deps.clock.now();
  const due = deps.approvals
    .all()
    .filter(
      (one) =>
        (one.state === 'pending' || (one.state === 'approved' && one.calls.length === 0)) &&
        now >= one.plan.expiresAt,
    );
  return endEach(deps, due, (one) => fact('approval.expired', { approval: one.id }, endContext(one)));
}

/** Appends one ending per approval; one that moved on meanwhile is left as it is. */
export async function endEach(
  deps: GateDeps,
  approvals: readonly Approval[],
  draft: (approval: Approval) => EntryDraft,
): Promise<readonly ApprovalId[]> {
  const done: ApprovalId[] = [];
  for (const one of approvals) {
    const stream = approvalStream(one.id);
    const appended = await deps.log.append([draft(one)], { expect: { [stream]: deps.log.version(stream) } });
    if (appended.kind === 'appended') done.push(one.id);
  }
  return done;
}

/** Context of an entry that ends an approval. */
export function endContext(approval: Approval) {
  const { incident, session, run } = approval.plan;
  return {
    actor: SYSTEM,
    traceId: run,
    incident,
    session,
    streams: [approvalStream(approval.id), incidentStream(incident)],
  };
}
