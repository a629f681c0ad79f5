import type { ApprovalFold } from '#approvals/approval-fold.ts';
import { PersonId } from '#core/ids.ts';
import type { Incident } from '#incidents/incident.ts';

/** Who brought it about that people are needed: they know. Null where it was no person. */
export function causedBy(
  { id, escalated, verdict }: Incident,
  approvals: Pick<ApprovalFold, 'of'>,
): PersonId | null {
  if (escalated?.reason === 'cause_refuted') return verdict?.by ?? null;
  if (escalated?.reason !== 'denied') return null;
  const denied = approvals.of(id).findLast(({ state }) => state === 'rejected');
  return PersonId.safeParse(denied?.reason).data ?? null;
}
