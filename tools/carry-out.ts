import { type Approval, isTakenBack, isUndoOpen, type StepCall } from '#approvals/approval.ts';
import { appendEach, approvalContext } from '#approvals/end.ts';
import { type Claimed, claim, claimUndo } from '#approvals/gate.ts';
import type { GateDeps } from '#approvals/gate-deps.ts';
import { orderKey, type Permit, type PermittedOrder } from '#approvals/permit.ts';
import type { Step } from '#approvals/plan.ts';
import type { ApprovalId, CallId } from '#core/ids.ts';
import { fact } from '#incidents/entry.ts';
import type { ChangeOutcome } from './drivers/ports.ts';
import type { createInvoke } from './invoke.ts';
import { recheckWith } from './recheck.ts';

/** The executor: the only place with act credentials. It performs a permit once and can be asked what became of an order. */
export type Execute = {
  /** Resolves when changes can be performed, when they could not for `limitMs`, or when the server stops. */
  ready(limitMs: number): Promise<'up' | 'down' | 'closed'>;
  change(permit: Permit, deadlineMs: number): Promise<ChangeOutcome>;
  /** `since`: when the intent of the order became durable, ms. `closed`: the server stops, nobody can say yet. */
  settle(
    service: Step['target']['service'],
    order: Pick<PermittedOrder, 'tool' | 'key'> & { readonly since: number },
  ): Promise<'happened' | 'did_not_happen' | 'unknown' | 'closed'>;
};

/** An undo waits so long for an executor that is down; then people must do it. */
const UNDO_WAITS_MS = 60_000;

export type CarryOutDeps = {
  readonly gate: GateDeps;
  readonly invoke: ReturnType<typeof createInvoke>;
  readonly execute: Execute;
};

/**
 * After people decided no model is involved: claims the steps in order, each looked at again, performs them, and stops
 * at the first that does not succeed. A conflict (something moved while claiming) is looked at again from the start.
 */
export async function carryOut(deps: CarryOutDeps, id: ApprovalId): Promise<void> {
  for (;;) {
    // While nothing can be performed the plan stays approved; once its time is up the claim says so.
    const ready = await deps.execute.ready(timeLeft(deps, id));
    if (ready === 'closed') return;
    if (ready === 'down' && timeLeft(deps, id) > 0) continue;
    const claimed = await claim(deps.gate, id, recheckWith(deps.invoke));
    if (claimed.kind === 'refused' && claimed.reason === 'conflict') continue;
    if (claimed.kind === 'refused') return;
    if ((await performClaimed(deps, claimed)).kind !== 'done') return;
  }
}

function timeLeft({ gate }: CarryOutDeps, id: ApprovalId): number {
  return Math.max(0, (gate.approvals.get(id)?.plan.expiresAt ?? 0) - gate.clock.now());
}

/**
 * Runs the pre-approved undo of a change that did not help, its last step first, and records how that went. An undo that
 * an earlier start began is asked about, not made again.
 */
export async function undo(deps: CarryOutDeps, id: ApprovalId): Promise<void> {
  const ready = await deps.execute.ready(UNDO_WAITS_MS);
  const approval = deps.gate.approvals.get(id);
  if (ready === 'closed' || approval === undefined) return;
  await reconcile(deps, approval);
  const ended = ready === 'down' ? 'executor_down' : await takeBack(deps, approval);
  await appendEach(
    deps.gate,
    // One that is under way, or whose effect cannot be found out before the next start, has not ended.
    (one) => one.id === id && one.state === 'unverified' && !isUndoOpen(one),
    (one) => {
      const complete = isTakenBack(one);
      const body = { approval: id, complete, reason: complete ? null : ended };
      return fact('action.undone', body, approvalContext(one));
    },
  );
}

/** Takes back step by step; gives why it ended, which is `nothing_to_undo` when no step is left. */
async function takeBack(deps: CarryOutDeps, approval: Approval): Promise<string> {
  for (;;) {
    if (isUndoOpen(approval)) return 'not_known';
    if (approval.calls.some(({ undo, outcome }) => undo && outcome === 'failed')) return 'failed';
    const claimed = await claimUndo(deps.gate, approval.id, recheckWith(deps.invoke));
    if (claimed.kind === 'refused') return claimed.reason;
    const outcome = await performClaimed(deps, claimed);
    if (outcome.kind === 'refused') return outcome.kind;
  }
}

type Ready = Extract<Claimed, { kind: 'permit' }>;

async function performClaimed(deps: CarryOutDeps, { permit, step }: Ready): Promise<ChangeOutcome> {
  const started = deps.gate.clock.mono();
  // Switched off while the intent was being written: the effect has not begun, so it does not.
  const outcome: ChangeOutcome = deps.gate.flags().off
    ? { kind: 'refused', reason: 'unauthorised', detail: 'switched off' }
    : await deps.execute.change(permit, step.deadlineMs);
  const { approval: id, call, order } = permit.fields;
  const approval = deps.gate.approvals.get(id);
  const body = {
    call,
    tool: order.tool,
    outcome: outcome.kind === 'done' ? 'ok' : outcome.kind === 'unknown' ? 'unknown' : 'failed',
    reason: outcome.kind === 'refused' ? outcome.reason : outcome.kind === 'unknown' ? 'no_answer' : null,
    exitCode: outcome.kind === 'refused' ? null : (outcome.exitCode ?? null),
    durationMs: Math.round(deps.gate.clock.mono() - started),
    facts:
      outcome.kind === 'done' ? { generation: outcome.generation, tookMs: millis(outcome.tookMs) } : null,
  } as const;
  if (approval !== undefined)
    await deps.gate.log.append([
      fact('tool.finished', body, { ...approvalContext(approval), ...said(call, outcome) }),
    ]);
  if (outcome.kind === 'unknown' && approval !== undefined) await reconcile(deps, approval);
  return outcome;
}

/** What a program said is content: it goes into a payload of its call. */
function said(call: CallId, outcome: ChangeOutcome) {
  if (outcome.kind === 'refused' || outcome.output === undefined) return {};
  const content = Buffer.from(JSON.stringify({ value: null, text: outcome.output }));
  return { payloads: [{ id: call, content }] };
}

/** A backend's figure as the log can hold it: that the change is done must not be lost over how long it took. */
function millis(figure: number): number {
  return Number.isFinite(figure) ? Math.min(Math.max(0, Math.round(figure)), Number.MAX_SAFE_INTEGER) : 0;
}

/**
 * Asks the backend what became of a call with an unknown outcome, of a step or of its undo; when it cannot say, people
 * must look. Nothing is sent again.
 */
export async function reconcile(deps: CarryOutDeps, approval: Approval): Promise<void> {
  const made = approval.calls.find((call) => call.outcome === 'unknown');
  const step = made === undefined ? undefined : approval.plan.steps[made.step];
  const tool = made?.undo === true ? step?.undo?.tool : step?.tool;
  if (made === undefined || step === undefined || tool === undefined) return;
  const key = orderKey(approval.hash, made.step, made.undo ? 'undo' : 'run');
  const since = made.startedAt;
  const effect = await deps.execute.settle(step.target.service, { tool, key, since });
  if (effect === 'closed') return;
  const about = { approval: approval.id, step: made.step, call: made.call };
  await appendEach(
    deps.gate,
    (one) => one.id === approval.id && outcomeOf(one, made) === 'unknown' && one.state !== 'quarantined',
    (one) =>
      effect === 'unknown'
        ? fact('action.quarantined', about, approvalContext(one))
        : fact('action.reconciled', { ...about, effect }, approvalContext(one)),
  );
}

function outcomeOf(approval: Approval, { call }: { call: CallId }): StepCall['outcome'] | undefined {
  return approval.calls.find((one) => one.call === call)?.outcome;
}
