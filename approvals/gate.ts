import type { EntryDraft } from '#audit/log.ts';
import { FirebreakError } from '#core/errors.ts';
import { taggedHash } from '#core/hash.ts';
import type { ApprovalId, CallId } from '#core/ids.ts';
import { fact, targetStream } from '#incidents/entry.ts';
import type { Approval } from './approval.ts';
import { appendEach, approvalContext } from './end.ts';
import { claimExpect, type GateDeps } from './gate-deps.ts';
import { claimMove, type MoveRefusal, type Ready, startMove, undoMove } from './moves.ts';
import { orderKey, PERMIT_MS, type Permit, type PermittedOrder } from './permit.ts';
import { commandHash, Ordered, type Step } from './plan.ts';
import { viewOf } from './view.ts';

export type ClaimRefusal = MoveRefusal | 'dry_run_failed' | 'recovered' | 'conflict';
export type Claimed =
  | { kind: 'permit'; permit: Permit; step: Step }
  | { kind: 'refused'; reason: ClaimRefusal };

/**
 * Looks again: `change` repeats the dry run and compares all of it, and says when the signal is back already; `undo`
 * compares uid and generation.
 */
export type Recheck = (question: {
  approval: Approval;
  step: Step;
  generation: number;
  purpose: 'change' | 'undo';
}) => Promise<'same' | 'drifted' | 'dry_run_failed' | 'recovered'>;

/**
 * Turns an approved plan's next step into a permit, or refuses and records why: everything is looked at again now
 * (policy, roles, expiry, incident, stops, target), the claim is appended only if nothing it read has changed since, the
 * dry run is repeated, and the intent is durable before the permit exists.
 */
export async function claim(deps: GateDeps, id: ApprovalId, recheck: Recheck): Promise<Claimed> {
  const approval = deps.approvals.get(id);
  if (approval === undefined) return { kind: 'refused', reason: 'not_found' };
  const move = claimMove(viewOf(deps), approval);
  if (move.kind === 'refuse') return { kind: 'refused', reason: move.reason };
  if (move.kind === 'invalidate') return invalidate(deps, approval, move.reason);
  const { index, step, generation } = move;
  const claimed = await deps.log.append(
    [fact('approval.claimed', { approval: id, step: index, boot: deps.boot }, contextOf(approval, step))],
    { expect: claimExpect(deps.log, approval, step) },
  );
  if (claimed.kind === 'conflict') return { kind: 'refused', reason: 'conflict' };
  const seen = await look(recheck, { approval, step, generation, purpose: 'change' });
  return seen === 'same' ? start(deps, approval, move) : invalidate(deps, approval, seen);
}

/** Permit for the pre-approved undo of the last step that still stands; refused when somebody changed the target since. */
export async function claimUndo(deps: GateDeps, id: ApprovalId, recheck: Recheck): Promise<Claimed> {
  const approval = deps.approvals.get(id);
  if (approval === undefined) return { kind: 'refused', reason: 'nothing_to_undo' };
  const move = undoMove(viewOf(deps), approval);
  if (move.kind !== 'go') return { kind: 'refused', reason: move.reason };
  const { step, generation } = move;
  const seen = await look(recheck, { approval, step, generation, purpose: 'undo' });
  return seen === 'same' ? start(deps, approval, move) : { kind: 'refused', reason: seen };
}

/** A look that breaks has shown nothing. The claim is in the log by now and would hold its target for ever. */
async function look(recheck: Recheck, question: Parameters<Recheck>[0]): ReturnType<Recheck> {
  try {
    return await recheck(question);
  } catch {
    return 'dry_run_failed';
  }
}

/** The durable intent; only after it is there does a permit exist. */
async function start(deps: GateDeps, approval: Approval, ready: Ready): Promise<Claimed> {
  for (;;) {
    const expect = claimExpect(deps.log, approval, ready.step);
    const move = startMove(viewOf(deps), approval, ready);
    if (move.kind === 'refuse') return { kind: 'refused', reason: move.reason };
    if (move.kind === 'invalidate') return invalidate(deps, approval, move.reason);
    const call = deps.numbers.next(approval.plan.incident);
    const order = orderOf(approval, ready);
    const appended = await deps.log.append([intentOf(approval, ready, { call, order })], { expect });
    if (appended.kind === 'conflict') continue;
    const mintedAt = deps.clock.now();
    const permit = deps.signer.mint({
      jti: deps.random.uuid(),
      approval: approval.id,
      hash: approval.hash,
      step: ready.index,
      undo: ready.undo,
      call,
      order: { ...order, fence: expect[targetStream(ready.step.target.ref)] ?? 0 },
      boot: deps.boot,
      mintedAt,
      notAfter: mintedAt + PERMIT_MS,
    });
    return { kind: 'permit', permit, step: ready.step };
  }
}

/** The fence is known when the intent is: it is the target's version that the intent was appended on. */
type Order = Omit<PermittedOrder, 'fence'>;

function orderOf(approval: Approval, { index, step, undo, generation }: Ready): Order {
  const key = orderKey(approval.hash, index, undo ? 'undo' : 'run');
  const change = undo ? exactUndo(step) : exactChange(step);
  return { tool: change.tool, change, key, expectGeneration: generation };
}

/** The very version, and the very command, that people saw: what a name stands for can be another one by now. */
function exactChange(step: Step): Order['change'] {
  switch (step.tool) {
    case 'service_rollback':
      return { tool: step.tool, target: step.change.target, version: step.preview.after.version };
    case 'operator_action':
      return { ...step.change, command: commandHash(step.preview) };
    case 'service_restart':
    case 'service_scale':
    case 'node_cordon':
    case 'alert_silence':
      return step.change;
  }
}

function exactUndo(step: Step): Order['change'] {
  if (step.undo === null) throw new FirebreakError('bug', 'a step without an undo was to be undone');
  const back = step.tool === 'operator_action' ? step.preview.back : null;
  const command = back === null ? {} : { command: commandHash(back) };
  return Ordered.parse({ target: step.target.ref, ...step.undo, ...command });
}

function intentOf(
  approval: Approval,
  { index, step, undo }: Ready,
  { call, order }: { call: CallId; order: Order },
): EntryDraft {
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
  return fact('tool.intended', body, contextOf(approval, step));
}

async function invalidate(deps: GateDeps, approval: Approval, reason: ClaimRefusal): Promise<Claimed> {
  const { id, state } = approval;
  await appendEach(
    deps,
    (one) => one.id === id && one.state === state,
    (one) => fact('approval.invalidated', { approval: one.id, reason }, approvalContext(one)),
  );
  return { kind: 'refused', reason };
}

/** Raises the incident's version too: what one plan starts counts against what the next may. */
function contextOf(approval: Approval, step: Step) {
  const { streams, ...context } = approvalContext(approval);
  return { ...context, streams: [...streams, targetStream(step.target.ref)] };
}
