import type { EntryDraft } from '#audit/log.ts';
import { canonical } from '#core/canonical.ts';
import { ApprovalId } from '#core/ids.ts';
import type { AgentCaller } from '#incidents/caller.ts';
import { approvalStream, countStream, fact, incidentStream, SYSTEM } from '#incidents/entry.ts';
import { causeOf, type Incident } from '#incidents/incident.ts';
import type { Approval } from './approval.ts';
import { type GateDeps, isBusy } from './gate-deps.ts';
import { type Plan, planHash, type Step } from './plan.ts';
import { type DenyReason, evaluate, type Verdict } from './policy.ts';

export type ProposeRefusal =
  | DenyReason
  | 'incident_closed'
  | 'alert_cleared'
  | 'too_many_pending'
  | 'duplicate_plan'
  | 'action_budget'
  | 'no_verification'
  | 'target_busy';
export type Proposed =
  | { kind: 'requested'; approval: ApprovalId; pending: boolean }
  | { kind: 'refused'; reason: ProposeRefusal };

const MAX_PENDING = 3;
/** Changes that one incident may start, undos not counted. */
export const ACTION_BUDGET = 5;
/** A plan that people refused is not put before them again for so long. */
const REPROPOSE_MS = 15 * 60_000;

/** Puts one plan before people, or records it where the mode is not `act`; every refusal has a reason. */
export async function propose(
  deps: GateDeps,
  request: { caller: AgentCaller; steps: readonly Step[] },
): Promise<Proposed> {
  for (;;) {
    const incident = deps.incidents.get(request.caller.incident);
    const refusal = incident === undefined ? 'incident_closed' : refusalOf(deps, incident, request.steps);
    if (incident === undefined || refusal !== undefined)
      return { kind: 'refused', reason: refusal ?? 'incident_closed' };
    const verdict = verdictOf(deps, request.steps);
    if (verdict.kind === 'deny') return { kind: 'refused', reason: verdict.reason };
    const plan = planOf(deps, incident, request);
    if (plan === undefined) return { kind: 'refused', reason: 'no_verification' };
    const expect = {
      [countStream('approval')]: deps.log.version(countStream('approval')),
      [incidentStream(incident.id)]: deps.log.version(incidentStream(incident.id)),
    };
    const appended = await deps.log.append(draftsOf(deps, plan, verdict), { expect });
    if (appended.kind === 'appended')
      return { kind: 'requested', approval: plan.approval, pending: verdict.kind === 'ask' };
  }
}

function refusalOf(deps: GateDeps, incident: Incident, steps: readonly Step[]): ProposeRefusal | undefined {
  if (incident.state === 'resolved' || incident.takenBy !== null) return 'incident_closed';
  if (incident.alerts.every(({ cleared }) => cleared)) return 'alert_cleared';
  if (incident.actions.filter((action) => !action.startsWith('undo:')).length + steps.length > ACTION_BUDGET)
    return 'action_budget';
  if (isBusy(deps, steps)) return 'target_busy';
  const others = deps.approvals.all();
  const wanted = changesOf(steps);
  const same = others.filter(
    (one) => one.plan.incident === incident.id && changesOf(one.plan.steps) === wanted,
  );
  if (same.some((one) => one.state === 'pending' || one.state === 'approved')) return 'duplicate_plan';
  if (same.some((one) => one.state === 'rejected' && deps.clock.now() - one.at < REPROPOSE_MS))
    return 'duplicate_plan';
  const pending = others.filter((one) => one.plan.incident === incident.id && one.state === 'pending');
  return pending.length - supersededBy(pending, steps).length >= MAX_PENDING ? 'too_many_pending' : undefined;
}

/** The strictest answer over all steps: deny before record before ask. */
function verdictOf(deps: GateDeps, steps: readonly Step[]): Exclude<Verdict, { kind: 'allow' }> {
  let worst: Exclude<Verdict, { kind: 'allow' }> = { kind: 'ask', approvers: 1, owner: false };
  for (const step of steps) {
    const service = deps.inventory.services.get(step.target.service);
    const verdict = evaluate(deps.policy, {
      caller: 'remediation',
      tool: step.tool,
      tier: step.tier,
      service: step.target.service,
      environment: step.target.environment,
      mode: service?.mode ?? 'observe',
      purpose: 'change',
      flags: deps.flags(),
    });
    if (verdict.kind === 'deny') return verdict;
    if (verdict.kind === 'record') worst = verdict;
    if (verdict.kind === 'ask' && worst.kind === 'ask' && verdict.approvers > worst.approvers)
      worst = verdict;
  }
  return worst;
}

/** Undefined when no signal is known that could tell whether the plan helped. */
function planOf(
  deps: GateDeps,
  incident: Incident,
  { caller, steps }: { caller: AgentCaller; steps: readonly Step[] },
): Plan | undefined {
  const signal = incident.monitor?.signal;
  const first = steps[0];
  if (signal === null || signal === undefined || first === undefined || causeOf(incident) === null)
    return undefined;
  // The card must not lend the diagnosed cause to a service that it does not speak of.
  const cause = incident.diagnosis?.hypotheses.find(({ service }) => service === first.target.service);
  const { samples, everyMs, windowMs } = deps.timing.verify;
  const now = deps.clock.now();
  return {
    v: 1,
    approval: ApprovalId.parse(`A-${deps.approvals.requested + 1}`),
    incident: incident.id,
    session: caller.session,
    run: caller.run,
    service: first.target.service,
    environment: first.target.environment,
    cause: cause?.cause ?? 'unknown',
    confidence: cause?.confidence ?? 0,
    evidence: [...(cause?.for ?? [])],
    tier:
      steps.some((step) => step.tier === 'R3') || new Set(steps.map((step) => step.target.ref)).size > 1
        ? 'R3'
        : 'R2',
    steps: [...steps],
    verification: {
      service: signal.service,
      signal: signal.name,
      low: signal.low,
      high: signal.high,
      samples,
      everyMs,
      windowMs,
    },
    policyVersion: deps.policy.version,
    inventoryVersion: deps.inventory.version,
    createdAt: now,
    expiresAt: now + deps.timing.approvalMs,
    nonce: deps.random.bytes(16).toString('hex'),
  };
}

function draftsOf(deps: GateDeps, plan: Plan, verdict: Exclude<Verdict, { kind: 'allow' }>): EntryDraft[] {
  const context = { actor: SYSTEM, traceId: plan.run, incident: plan.incident, session: plan.session };
  const hash = planHash(plan);
  const mode =
    verdict.kind === 'ask' ? 'act' : (deps.inventory.services.get(plan.service)?.mode ?? 'observe');
  const requested = fact(
    'approval.requested',
    { approval: plan.approval, hash, cardDigest: deps.cardDigest(plan, hash), mode, plan },
    {
      ...context,
      streams: [countStream('approval'), incidentStream(plan.incident), approvalStream(plan.approval)],
    },
  );
  const pending = deps.approvals.of(plan.incident).filter((one) => one.state === 'pending');
  const superseded = supersededBy(pending, plan.steps).map((old) =>
    fact(
      'approval.superseded',
      { approval: old.id, by: plan.approval },
      { ...context, streams: [approvalStream(old.id)] },
    ),
  );
  return [...superseded, requested];
}

/** Pending plans that use one of the same tools on the same target. */
function supersededBy(pending: readonly Approval[], steps: readonly Step[]): readonly Approval[] {
  const wanted = new Set(steps.map((step) => `${step.tool} ${step.target.ref}`));
  return pending.filter((one) =>
    one.plan.steps.some((step) => wanted.has(`${step.tool} ${step.target.ref}`)),
  );
}

function changesOf(steps: readonly Step[]): string {
  return canonical(steps.map((step) => step.change));
}
