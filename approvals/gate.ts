import { taggedHash } from '#core/hash.ts';
import type { ApprovalId } from '#core/ids.ts';
import { approvalStream, fact, SYSTEM, targetStream } from '#incidents/entry.ts';
import type { Incident } from '#incidents/incident.ts';
import { type Approval, holdsTarget, nextStep } from './approval.ts';
import { endContext, endEach } from './end.ts';
import { claimExpect, type GateDeps } from './gate-deps.ts';
import { mayApprove } from './people.ts';
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
  const expect = claimExpect(deps.log, approval, step);
  const refusal = refusalOf(deps, approval, step);
  if (refusal !== undefined) return invalidate(deps, approval, refusal);
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

/** Permit for the pre-approved undo of the last finished step; refused when somebody changed the target since. */
export async function claimUndo(deps: GateDeps, id: ApprovalId, recheck: Recheck): Promise<Claimed> {
  const approval = deps.approvals.get(id);
  const last = approval?.calls.filter((call) => !call.undo && call.outcome === 'ok').at(-1);
  const step = last === undefined ? undefined : approval?.plan.steps[last.step];
  if (
    approval === undefined ||
    last === undefined ||
    step === undefined ||
    step.undo === null ||
    approval.undo !== 'none'
  ) {
    return { kind: 'refused', reason: 'nothing_to_undo' };
  }
  if (approval.state !== 'unverified') return { kind: 'refused', reason: 'not_approved' };
  if (policyReason(deps, step, 'undo') !== undefined) return { kind: 'refused', reason: 'policy_denied' };
  const generation = last.generation;
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

function refusalOf(deps: GateDeps, approval: Approval, step: Step): ClaimRefusal | undefined {
  if (approval.state !== 'approved') return 'not_approved';
  if (planHash(approval.plan) !== approval.hash) return 'hash_mismatch';
  if (deps.clock.now() >= approval.plan.expiresAt) return 'expired';
  const incident = deps.incidents.get(approval.plan.incident);
  if (incident === undefined || !isActive(incident)) return 'incident_closed';
  const busy = deps.approvals
    .all()
    .some(
      (one) =>
        one.id !== approval.id &&
        holdsTarget(one) &&
        one.plan.steps.some((other) => other.target.ref === step.target.ref),
    );
  if (busy) return 'target_busy';
  const approvers = approval.decisions.flatMap((decision) => deps.people.get(decision.by) ?? []);
  if (approvers.length < approval.decisions.length || !approvers.every(mayApprove))
    return 'approver_lost_role';
  return policyReason(deps, step, 'change');
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
  const own = approval.calls
    .filter((call) => call.outcome === 'ok' && approval.plan.steps[call.step]?.target.ref === step.target.ref)
    .at(-1);
  return own?.generation ?? step.target.generation;
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
    if (policyReason(deps, step, undo ? 'undo' : 'change') !== undefined)
      return undo
        ? { kind: 'refused', reason: 'policy_denied' }
        : invalidate(deps, approval, 'policy_denied');
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
  await endEach(
    deps,
    [approval].filter((one) => one.state === 'approved' || one.state === 'claimed'),
    (one) => fact('approval.invalidated', { approval: one.id, reason }, endContext(one)),
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
