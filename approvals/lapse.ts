import type { ApprovalId } from '#core/ids.ts';
import type { Incident } from '#incidents/incident.ts';
import { type Approval, holdsTarget } from './approval.ts';
import { mayApprove, suffice } from './people.ts';
import { planHash, type Step } from './plan.ts';
import { ownersOf } from './plan-targets.ts';
import { evaluate } from './policy.ts';
import { cellOf } from './policy-standing.ts';
import { isRefuted } from './refuted.ts';
import type { View } from './view.ts';

/** What may come between the yes and the change. */
export type Lapse =
  | 'expired'
  | 'incident_closed'
  | 'alert_cleared'
  | 'budget_spent'
  | 'target_busy'
  | 'policy_denied'
  | 'approver_lost_role'
  | 'cause_refuted'
  | 'hash_mismatch';

/** Why the next step of an approved plan may not run now; asked at the claim, and again right before the intent. Pure. */
export function lapseOf(view: View, approval: Approval, step: Step): Lapse | undefined {
  if (planHash(approval.plan) !== approval.hash) return 'hash_mismatch';
  if (view.now >= approval.plan.expiresAt) return 'expired';
  const incident = view.incidentOf(approval.plan.incident);
  if (incident === undefined || !isActive(incident)) return 'incident_closed';
  // A plan that has begun may be what cleared it, and is finished.
  if (approval.calls.length === 0 && incident.alerts.every(({ cleared }) => cleared)) return 'alert_cleared';
  if (approval.calls.length === 0 && isRefuted(incident, approval.plan)) return 'cause_refuted';
  if (startedChanges(incident) >= view.changes) return 'budget_spent';
  if (!isGranted(view, approval)) return 'approver_lost_role';
  return isBusy(view, [step], approval.id) ? 'target_busy' : policyReason(view, step, 'change');
}

/** Whether everybody who said yes still may, and together they still are enough. */
function isGranted(view: View, { decisions, plan }: Approval): boolean {
  const voters = decisions.flatMap((decision) => view.people.get(decision.by) ?? []);
  const remain = voters.length === decisions.length && voters.every(mayApprove);
  const { tier, requestedBy } = plan;
  return remain && suffice(voters, { tier, requestedBy, owners: ownersOf(view.inventory, plan) });
}

/** Changes that an incident has started, undos not counted. */
export function startedChanges({ actions }: Incident): number {
  return actions.filter((action) => !action.startsWith('undo:')).length;
}

/** Whether agents may bring about a change of it: it is open, and no person has taken it over or paused it. */
export function isActive(incident: Incident): boolean {
  return incident.state !== 'resolved' && incident.takenBy === null && incident.paused === null;
}

/** Policy as it is in force now, with the stop flags as they are now. */
export function policyReason(
  view: View,
  step: Step,
  purpose: 'change' | 'undo',
): 'policy_denied' | undefined {
  const { tool, tier, target } = step;
  const verdict = evaluate(view.policy, {
    caller: 'remediation',
    tool,
    cell: cellOf(view.inventory, step),
    tier,
    service: target.service,
    environment: target.environment,
    mode: view.inventory.services.get(target.service)?.mode ?? 'observe',
    purpose,
    flags: view.flags,
  });
  return verdict.kind === 'ask' ? undefined : 'policy_denied';
}

/** Whether another change holds a target of these steps. One whose effect nobody knows holds it until a person looked. */
export function isBusy(
  { approvals }: Pick<View, 'approvals'>,
  steps: readonly Step[],
  except?: ApprovalId,
): boolean {
  const wanted = new Set(steps.map((step) => step.target.ref));
  return approvals.some((one) => {
    if (one.id === except || !holdsTarget(one)) return false;
    return one.plan.steps.some((step) => wanted.has(step.target.ref));
  });
}
