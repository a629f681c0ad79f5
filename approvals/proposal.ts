import { canonical } from '#core/canonical.ts';
import type { Incident } from '#incidents/incident.ts';
import type { Cause, Tier } from '#incidents/vocabulary.ts';
import { type StepRefusal, stepRefusal } from './allowed-steps.ts';
import type { Approval } from './approval.ts';
import { isActive, isBusy, startedChanges } from './lapse.ts';
import type { Step } from './plan.ts';
import { type DenyReason, evaluate, type Verdict } from './policy.ts';
import { cellOf } from './policy-standing.ts';
import type { View } from './view.ts';

export type ProposeRefusal =
  | DenyReason
  | 'run_ended'
  | 'incident_closed'
  | 'alert_cleared'
  | 'too_many_pending'
  | 'duplicate_plan'
  | 'denied_before'
  | 'cause_refuted'
  | 'budget_spent'
  | 'no_verification'
  | 'target_busy'
  | StepRefusal;
export type Asked = Exclude<Verdict, { kind: 'allow' | 'deny' }>;
export type Proposable =
  | { readonly kind: 'go'; readonly verdict: Asked }
  | { readonly kind: 'refuse'; readonly reason: ProposeRefusal };

const MAX_PENDING = 3;
/** A change that people refused is not put before them again for so long, unless another cause speaks for it now. */
const REPROPOSE_MS = 15 * 60_000;

/** Whether these steps may be put before people now, and how. Pure. */
export function proposable(
  view: View,
  incident: Incident,
  { steps, cause }: { steps: readonly Step[]; cause: Cause },
): Proposable {
  const reason = refusalOf(view, incident, steps) ?? repeats(view, incident, { steps, cause });
  if (reason !== undefined) return { kind: 'refuse', reason };
  const verdict = verdictOf(view, steps);
  return verdict.kind === 'deny' ? { kind: 'refuse', reason: verdict.reason } : { kind: 'go', verdict };
}

/** A change of several targets is a wide one, whatever its steps are by themselves. */
export function tierOf(steps: readonly Step[]): Tier {
  const targets = new Set(steps.map((step) => step.target.ref));
  return targets.size > 1 || steps.some((step) => step.tier === 'R3') ? 'R3' : 'R2';
}

/** Pending plans that use one of the same tools on the same target: the newer one takes their place. */
export function supersededBy(
  view: Pick<View, 'approvals'>,
  incident: Incident,
  steps: readonly Step[],
): readonly Approval[] {
  const wanted = new Set(steps.map((step) => `${step.tool} ${step.target.ref}`));
  return pendingOf(view, incident).filter((one) =>
    one.plan.steps.some((step) => wanted.has(`${step.tool} ${step.target.ref}`)),
  );
}

function refusalOf(view: View, incident: Incident, steps: readonly Step[]): ProposeRefusal | undefined {
  if (!isActive(incident)) return 'incident_closed';
  if (incident.alerts.every(({ cleared }) => cleared)) return 'alert_cleared';
  if (startedChanges(incident) + steps.length > view.changes) return 'budget_spent';
  if (isBusy(view, steps)) return 'target_busy';
  const unfit = stepRefusal(view.inventory, incident, steps);
  if (unfit !== undefined) return unfit;
  const pending = pendingOf(view, incident).length - supersededBy(view, incident, steps).length;
  return pending >= MAX_PENDING ? 'too_many_pending' : undefined;
}

/** Whether people have this before them already, or said no to a part of it lately and nothing new speaks for it. */
function repeats(
  view: View,
  incident: Incident,
  { steps, cause }: { steps: readonly Step[]; cause: Cause },
): 'duplicate_plan' | 'denied_before' | undefined {
  const own = view.approvals.filter((one) => one.plan.incident === incident.id);
  const changes = steps.map(({ change }) => canonical(change));
  const isSame = ({ plan }: Approval) =>
    canonical(plan.steps.map(({ change }) => change)) === `[${changes.join(',')}]`;
  if (own.some((one) => (one.state === 'pending' || one.state === 'approved') && isSame(one)))
    return 'duplicate_plan';
  const holds = new Set(changes);
  const wasDenied = own.some(
    ({ state, at, plan }) =>
      state === 'rejected' &&
      view.now - at < REPROPOSE_MS &&
      plan.cause === cause &&
      plan.steps.some(({ change }) => holds.has(canonical(change))),
  );
  return wasDenied ? 'denied_before' : undefined;
}

function pendingOf({ approvals }: Pick<View, 'approvals'>, { id }: Incident): readonly Approval[] {
  return approvals.filter((one) => one.plan.incident === id && one.state === 'pending');
}

/** The strictest answer over all steps: deny before record before ask. */
function verdictOf(view: View, steps: readonly Step[]): Exclude<Verdict, { kind: 'allow' }> {
  const tier = tierOf(steps);
  let worst: Exclude<Verdict, { kind: 'allow' }> = { kind: 'ask' };
  for (const step of steps) {
    const { tool, target } = step;
    const verdict = evaluate(view.policy, {
      caller: 'remediation',
      tool,
      cell: cellOf(view.inventory, step),
      tier,
      service: target.service,
      environment: target.environment,
      mode: view.inventory.services.get(target.service)?.mode ?? 'observe',
      purpose: 'change',
      flags: view.flags,
    });
    if (verdict.kind === 'deny') return verdict;
    if (verdict.kind === 'record' && !(worst.kind === 'record' && worst.mode === 'observe')) worst = verdict;
  }
  return worst;
}
