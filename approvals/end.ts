import type { EntryDraft } from '#audit/log.ts';
import type { ApprovalId, IncidentId } from '#core/ids.ts';
import { approvalStream, fact, incidentStream, SYSTEM } from '#incidents/entry.ts';
import { type Approval, isExpired, needsReminder } from './approval.ts';
import type { GateDeps } from './gate-deps.ts';

/** Why plans end that are not needed any more; `by`: another plan did it, `which`: only those of the incident. */
export type Withdrawal = {
  readonly reason: string;
  readonly by?: ApprovalId;
  readonly which?: (approval: Approval) => boolean;
};

/** Ends every pending or approved plan of an incident that no longer needs it, or those of them that are named. */
export async function withdraw(
  deps: GateDeps,
  incident: IncidentId,
  { reason, by, which = () => true }: Withdrawal,
): Promise<readonly ApprovalId[]> {
  const more = by === undefined ? {} : { by };
  return appendEach(
    deps,
    (one) =>
      one.plan.incident === incident && (one.state === 'pending' || one.state === 'approved') && which(one),
    (one) => fact('approval.withdrawn', { approval: one.id, reason, ...more }, approvalContext(one)),
  );
}

/** Ends every plan whose time is up; the answer to silence is no. */
export async function expireDue(deps: GateDeps): Promise<readonly ApprovalId[]> {
  const now = deps.clock.now();
  return appendEach(
    deps,
    (one) => isExpired(one, now),
    (one) => fact('approval.expired', { approval: one.id }, approvalContext(one)),
  );
}

/** Records, once for each, that people should be reminded of a plan that nobody has answered. */
export async function remindDue(deps: GateDeps): Promise<readonly ApprovalId[]> {
  const now = deps.clock.now();
  return appendEach(
    deps,
    (one) => needsReminder(one, now),
    (one) => fact('approval.reminded', { approval: one.id }, approvalContext(one)),
  );
}

/**
 * Appends one entry per approval that is due. `isDue` is asked again before each append: one that moved on so that it
 * is no longer due is left as it is, and one that moved on but still is (a yes came in at the same moment) ends too.
 */
export async function appendEach(
  deps: GateDeps,
  isDue: (approval: Approval) => boolean,
  draft: (approval: Approval) => EntryDraft,
): Promise<readonly ApprovalId[]> {
  const done: ApprovalId[] = [];
  for (const one of deps.approvals.all()) {
    const stream = approvalStream(one.id);
    let isEnded = false;
    while (!isEnded && isDue(one)) {
      const expect = { [stream]: deps.log.version(stream) };
      isEnded = (await deps.log.append([draft(one)], { expect })).kind === 'appended';
    }
    if (isEnded) done.push(one.id);
  }
  return done;
}

/** Context of an entry that moves an approval on: whoever reads its version, or the incident's, must not miss it. */
export function approvalContext(approval: Approval) {
  const { incident, session, run } = approval.plan;
  return {
    actor: SYSTEM,
    traceId: run,
    incident,
    session,
    streams: [approvalStream(approval.id), incidentStream(incident)],
  };
}
