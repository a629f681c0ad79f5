import type { Approval, ApprovalState } from '#approvals/approval.ts';
import type { IncidentId } from '#core/ids.ts';
import type { Wake } from '#incidents/reports.ts';
import { type ActionOutcome, type DriveDeps, invalidatedAs } from './drive.ts';

const OUTCOMES: Readonly<Partial<Record<ApprovalState, ActionOutcome>>> = {
  recorded: 'recorded',
  rejected: 'rejected',
  revoked: 'rejected',
  expired: 'expired',
  withdrawn: 'withdrawn',
  failed: 'failed',
  quarantined: 'unknown',
};

/** After a restart: the outcome of the last plan, where no coordinator run began since it was settled. */
export function settledWake({ folds }: Pick<DriveDeps, 'folds'>, id: IncidentId): Wake | undefined {
  const incident = folds.incidents.get(id);
  const last = folds.approvals.of(id).at(-1);
  if (
    last === undefined ||
    incident === undefined ||
    incident.resolved !== null ||
    incident.escalated !== null
  )
    return undefined;
  const told =
    folds.sessions
      .incident(id)
      ?.runs.some((run) => run.role === 'coordinator' && run.startedAt >= last.at) === true;
  const outcome = outcomeOf(last);
  return told || outcome === undefined ? undefined : { kind: 'action_settled', outcome };
}

function outcomeOf({ state, undo, reason }: Approval): ActionOutcome | undefined {
  if (state === 'undone') return undo === 'done' ? 'undone' : 'not_recovered';
  return state === 'invalidated' ? invalidatedAs(reason) : OUTCOMES[state];
}
