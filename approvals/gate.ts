import { taggedHash } from '#core/hash.ts';
import type { ApprovalId } from '#core/ids.ts';
import { approvalStream, fact, SYSTEM, targetStream } from '#incidents/entry.ts';
import type { Incident } from '#incidents/incident.ts';
import { type Approval, nextStep, nextUndo, type StepCall } from './approval.ts';
import { approvalContext, endEach } from './end.ts';
import { claimExpect, type GateDeps, isBusy } from './gate-deps.ts';
import { mayApprove, suffice } from './people.ts';
import { orderKey, Permit, type PermittedOrder } from './permit.ts';
import { planHash, type Step } from './plan.ts';
import { evaluate } from './policy.ts';

/** How long a permit lives: from the durable intent to the call. */
const PERMIT_MS = 30_000;

export type ClaimRefusal =
  | 'not_found'
  | 'not_approved'
  | 'expired'
  | 'incident_closed'
  | 'alert_cleared'
  | 'target_busy'
  | 'policy_denied'
  | 'approver_lost_role'
  | 'hash_mismatch'
  | 'drifted'
  | 'dry_run_failed'
  | 'conflict'
  | 'nothing_to_undo';
export type Claimed =
  | { kind: 'permit'; permit: Permit; step: Step }
  | { kind: 'refused'; reason: ClaimRefusal };

/** Looks at the target again: `change` repeats the dry run and compares all of it, `undo` compares uid and generation. */
export type Recheck = (question: {
  approval: Approval;
  step: Step;
  generation: number;
  purpose: 'change' | 'undo';
}) => Promise<'same' | 'drifted' | 'dry_run_failed'>;

/**
 * Turns an approved plan's next step into a permit, or refuses and records why: everything is looked at again now
 * (policy, roles, expiry, incident, stops, target), the claim is appended only if nothing it read has changed since, the
 * dry run is repeated, and the intent is durable before the permit exists.
 */
export async function claim(deps: GateDeps, id: ApprovalId, recheck: Recheck): Promise<Claimed> {
  const approval = deps.approvals.get(id);
  const index = approval === undefined ? undefined : nextStep(approval);
  const step = index === undefined ? undefined : approval?.plan.steps[index];
  if (approval === undefined || index === undefined || step === undefined)
    return { kind: 'refused', reason: 'not_found' };
  // Somebody else claimed or ended it: it is theirs to go on with.
  if (approval.state !== 'approved') return { kind: 'refused', reason: 'not_approved' };
  const expect = claimExpect(deps.log, approval, step);
  const lapse = lapseOf(deps, approval, step);
  if (lapse !== undefined) return invalidate(deps, approval, lapse);
  const context = contextOf(approval, step);
  const claimed = await deps.log.append(
    [fact('approval.claimed', { approval: id, step: index, boot: deps.boot }, context)],
    { expect },
  );
  if (claimed.kind === 'conflict') return { kind: 'refused', reason: 'conflict' };
  const generation = generationNow(approval, step);
  const seen = await recheck({ approval, step, generation, purpose: 'change' });
  if (seen !== 'same') return invalidate(deps, approval, seen);
  const order: PermittedOrder = {
    tool: step.tool,
    change: step.change,
    key: orderKey(approval.hash, index, 'run'),
    expectGeneration: generation,
  };
  return start(deps, approval, { step, index, undo: false, order });
}

/** Permit for the pre-approved undo of the last step that still stands; refused when somebody changed the target since. */
export async function claimUndo(deps: GateDeps, id: ApprovalId, recheck: Recheck): Promise<Claimed> {
  const approval = deps.approvals.get(id);
  const last = approval === undefined ? undefined : nextUndo(approval);
  const step = last === undefined ? undefined : approval?.plan.steps[last.step];
  if (approval === undefined || last === undefined || step === undefined || step.undo === null)
    return { kind: 'refused', reason: 'nothing_to_undo' };
  if (approval.state !== 'unverified') return { kind: 'refused', reason: 'not_approved' };
  if (policyReason(deps, step, 'undo') !== undefined) return { kind: 'refused', reason: 'policy_denied' };
  const generation = lastOn(approval, step)?.generation ?? null;
  if (generation === null) return { kind: 'refused', reason: 'drifted' };
  const seen = await recheck({ approval, step, generation, purpose: 'undo' });
  if (seen !== 'same') return { kind: 'refused', reason: seen };
  const order: PermittedOrder = {
    tool: step.undo.tool,
    change: { target: step.target.ref, ...step.undo },
    key: orderKey(approval.hash, last.step, 'undo'),
    expectGeneration: generation,
  };
  return start(deps, approval, { step, index: last.step, undo: true, order });
}

/** What may have come between the yes and the change; asked at the claim, and again right before the intent. */
function lapseOf(deps: GateDeps, approval: Approval, step: Step): ClaimRefusal | undefined {
  if (planHash(approval.plan) !== approval.hash) return 'hash_mismatch';
  if (deps.clock.now() >= approval.plan.expiresAt) return 'expired';
  const incident = deps.incidents.get(approval.plan.incident);
  if (incident === undefined || !isActive(incident)) return 'incident_closed';
  // A plan that has begun may be what cleared it, and is finished.
  if (approval.calls.length === 0 && incident.alerts.every(({ cleared }) => cleared)) return 'alert_cleared';
  if (!isGranted(deps, approval)) return 'approver_lost_role';
  return isBusy(deps, [step], approval.id) ? 'target_busy' : policyReason(deps, step, 'change');
}

/** Whether everybody who said yes still may, and together they still are enough. */
function isGranted(deps: GateDeps, { decisions, plan }: Approval): boolean {
  const voters = decisions.flatMap((decision) => deps.people.get(decision.by) ?? []);
  const owner = deps.inventory.services.get(plan.service)?.owner ?? '';
  const remain = voters.length === decisions.length && voters.every(mayApprove);
  return remain && suffice(voters, { tier: plan.tier, owner });
}

function isActive(incident: Incident): boolean {
  return incident.state !== 'resolved' && incident.takenBy === null;
}

/** Policy as it is in force now, with the stop flags as they are now. */
function policyReason(deps: GateDeps, step: Step, purpose: 'change' | 'undo'): 'policy_denied' | undefined {
  const mode = deps.inventory.services.get(step.target.service)?.mode ?? 'observe';
  const { tool, tier, target } = step;
  const verdict = evaluate(deps.policy, {
    caller: 'remediation',
    tool,
    tier,
    service: target.service,
    environment: target.environment,
    mode,
    purpose,
    flags: deps.flags(),
  });
  return verdict.kind === 'ask' ? undefined : 'policy_denied';
}

/** The generation the target must have: as approved, or as the plan's own last step left it. */
function generationNow(approval: Approval, step: Step): number {
  return lastOn(approval, step)?.generation ?? step.target.generation;
}

/** The plan's own newest finished call on a step's target. */
function lastOn({ calls, plan }: Approval, { target: { ref } }: Step): StepCall | undefined {
  return calls.findLast(({ outcome, step }) => outcome === 'ok' && plan.steps[step]?.target.ref === ref);
}

type Start = { step: Step; index: number; undo: boolean; order: PermittedOrder };

/** The durable intent; only after it is there does a permit exist. */
async function start(
  deps: GateDeps,
  approval: Approval,
  { step, index, undo, order }: Start,
): Promise<Claimed> {
  for (;;) {
    const expect = claimExpect(deps.log, approval, step);
    const wanted = undo ? 'unverified' : 'claimed';
    if (approval.state !== wanted) return { kind: 'refused', reason: 'not_approved' };
    // Looking at the target took its time, and others may have acted meanwhile.
    if (undo && nextUndo(approval)?.step !== index) return { kind: 'refused', reason: 'nothing_to_undo' };
    const lapse = undo ? policyReason(deps, step, 'undo') : lapseOf(deps, approval, step);
    if (lapse !== undefined)
      return undo ? { kind: 'refused', reason: lapse } : invalidate(deps, approval, lapse);
    const call = deps.numbers.next(approval.plan.incident);
    const args = { ...order.change };
    const body = {
      call,
      tool: order.tool,
      version: step.toolVersion,
      tier: step.tier,
      phase: undo ? 'undo' : 'run',
      args,
      argsHash: taggedHash('firebreak/args/v1', args),
      caller: 'system:firebreak',
      session: null,
      approval: approval.id,
      step: index,
    } as const;
    const appended = await deps.log.append([fact('tool.intended', body, contextOf(approval, step))], {
      expect,
    });
    if (appended.kind === 'conflict') continue;
    const permit = Permit.mint({
      approval: approval.id,
      hash: approval.hash,
      step: index,
      undo,
      call,
      order,
      boot: deps.boot,
      notAfter: deps.clock.now() + PERMIT_MS,
    });
    return { kind: 'permit', permit, step };
  }
}

async function invalidate(deps: GateDeps, approval: Approval, reason: ClaimRefusal): Promise<Claimed> {
  const { id, state } = approval;
  await endEach(
    deps,
    (one) => one.id === id && one.state === state,
    (one) => fact('approval.invalidated', { approval: one.id, reason }, approvalContext(one)),
  );
  return { kind: 'refused', reason };
}

function contextOf(approval: Approval, step: Step) {
  const { incident, session, run } = approval.plan;
  return {
    actor: SYSTEM,
    traceId: run,
    incident,
    session,
    streams: [approvalStream(approval.id), targetStream(step.target.ref)],
  };
}
