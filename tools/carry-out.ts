import { type Approval, isTakenBack } from '#approvals/approval.ts';
import { approvalContext } from '#approvals/end.ts';
import { type Claimed, claim, claimUndo, type Recheck } from '#approvals/gate.ts';
import type { GateDeps } from '#approvals/gate-deps.ts';
import { orderKey, type Permit, type PermittedOrder } from '#approvals/permit.ts';
import type { Step } from '#approvals/plan.ts';
import { canonical } from '#core/canonical.ts';
import type { ApprovalId, CallId, IncidentId } from '#core/ids.ts';
import { fact } from '#incidents/entry.ts';
import { SignalSeen, WorkloadSeen } from '#incidents/observations.ts';
import { decimal } from '#incidents/vocabulary.ts';
import type { CallResult, Invoke } from './call-result.ts';
import type { ChangeOutcome } from './drivers/ports.ts';
import type { createInvoke } from './invoke.ts';

/** The executor: the only place with act credentials. It performs a permit once and can be asked what became of an order. */
export type Execute = {
  change(permit: Permit, deadlineMs: number): Promise<ChangeOutcome>;
  settle(
    service: Step['target']['service'],
    order: Pick<PermittedOrder, 'tool' | 'key'>,
  ): Promise<'happened' | 'did_not_happen' | 'unknown'>;
};

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
    const claimed = await claim(deps.gate, id, recheck(deps));
    if (claimed.kind === 'refused' && claimed.reason === 'conflict') continue;
    if (claimed.kind === 'refused') return;
    if ((await performClaimed(deps, claimed)).kind !== 'done') return;
  }
}

/** Runs the pre-approved undo of a change that did not help, its last step first, and records how that went. */
export async function undo(deps: CarryOutDeps, id: ApprovalId): Promise<void> {
  const ended = await takeBack(deps, id);
  const approval = deps.gate.approvals.get(id);
  if (approval === undefined) return;
  const complete = isTakenBack(approval);
  const body = { approval: id, complete, reason: complete ? null : ended };
  await deps.gate.log.append([fact('action.undone', body, approvalContext(approval))]);
}

/** Takes back step by step; gives why it ended, which is `nothing_to_undo` when no step is left. */
async function takeBack(deps: CarryOutDeps, id: ApprovalId): Promise<string> {
  for (;;) {
    const claimed = await claimUndo(deps.gate, id, recheck(deps));
    if (claimed.kind === 'refused') return claimed.reason;
    const outcome = await performClaimed(deps, claimed);
    if (outcome.kind !== 'done') return outcome.kind;
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
    exitCode: null,
    durationMs: Math.round(deps.gate.clock.mono() - started),
    facts:
      outcome.kind === 'done' ? { generation: outcome.generation, tookMs: millis(outcome.tookMs) } : null,
  } as const;
  if (approval !== undefined)
    await deps.gate.log.append([fact('tool.finished', body, approvalContext(approval))]);
  if (outcome.kind === 'unknown' && approval !== undefined && !permit.fields.undo)
    await reconcile(deps, approval);
  return outcome;
}

/** A backend's figure as the log can hold it: that the change is done must not be lost over how long it took. */
function millis(figure: number): number {
  return Number.isFinite(figure) ? Math.min(Math.max(0, Math.round(figure)), Number.MAX_SAFE_INTEGER) : 0;
}

/** Asks the backend what became of a call with an unknown outcome; when it cannot say, people must look. */
export async function reconcile(deps: CarryOutDeps, approval: Approval): Promise<void> {
  const made = approval.calls.find((call) => call.outcome === 'unknown' && !call.undo);
  const step = made === undefined ? undefined : approval.plan.steps[made.step];
  if (made === undefined || step === undefined) return;
  const key = orderKey(approval.hash, made.step, 'run');
  const effect = await deps.execute.settle(step.target.service, { tool: step.tool, key });
  const context = approvalContext(approval);
  const draft =
    effect === 'unknown'
      ? fact('action.quarantined', { approval: approval.id, step: made.step, call: made.call }, context)
      : fact(
          'action.reconciled',
          { approval: approval.id, step: made.step, call: made.call, effect },
          context,
        );
  await deps.gate.log.append([draft]);
}

/** One look at the signal that must come back: recorded, and judged when there are enough, or when the window is over. */
export async function sample(deps: CarryOutDeps, approval: Approval): Promise<void> {
  const { verification, incident, createdAt } = approval.plan;
  const args = { service: `service:${verification.service}`, signal: verification.signal, at: createdAt };
  const result = await deps.invoke.one({ kind: 'system', incident }, 'metrics_query', args);
  const value = signalValue(result);
  const inBand = value !== null && value >= Number(verification.low) && value <= Number(verification.high);
  await record(deps, approval, result.call, { value, inBand });
  const now = deps.gate.clock.now();
  if (approval.inBand >= verification.samples) {
    await deps.gate.log.append([
      fact(
        'action.verified',
        { approval: approval.id, samples: approval.samples },
        approvalContext(approval),
      ),
    ]);
  } else if (now - approval.at >= verification.windowMs) {
    await deps.gate.log.append([
      fact('action.unverified', { approval: approval.id, reason: 'out_of_band' }, approvalContext(approval)),
    ]);
  }
}

async function record(
  deps: CarryOutDeps,
  approval: Approval,
  call: CallId | null,
  seen: { value: number | null; inBand: boolean },
): Promise<void> {
  if (call === null) return;
  const value = seen.value === null ? null : (decimal(seen.value) ?? null);
  await deps.gate.log.append([
    fact(
      'action.sampled',
      { approval: approval.id, call, value, inBand: seen.inBand },
      approvalContext(approval),
    ),
  ]);
}

function signalValue(result: CallResult): number | null {
  if (result.outcome.kind !== 'ok') return null;
  const seen = SignalSeen.safeParse(result.outcome.value);
  return seen.success ? seen.data.now : null;
}

/** Whether the target is still as people saw it; `undo` only asks that nobody touched it since the change. */
function recheck(deps: CarryOutDeps): Recheck {
  return async ({ approval, step, generation, purpose }) => {
    const caller = { kind: 'system', incident: approval.plan.incident } as const;
    if (purpose === 'undo')
      return (await generationOf(deps.invoke, approval.plan.incident, step.target.ref)) === generation
        ? 'same'
        : 'drifted';
    const again = await deps.invoke.dryRun(caller, step.tool, argsOf(step));
    if (again.kind === 'refused') return 'dry_run_failed';
    const { target, preview, undo: back } = again.step;
    const shown = { target: { ...step.target, generation }, preview: step.preview, undo: step.undo };
    return canonical({ target, preview, undo: back }) === canonical(shown) ? 'same' : 'drifted';
  };
}

/** The generation that a target has now; null when it cannot be seen. */
export async function generationOf(
  invoke: Invoke,
  incident: IncidentId,
  service: string,
): Promise<number | null> {
  const result = await invoke.one({ kind: 'system', incident }, 'workload_status', { service });
  const seen = result.outcome.kind === 'ok' ? WorkloadSeen.safeParse(result.outcome.value) : undefined;
  return seen?.success ? seen.data.generation : null;
}

/** The tool's arguments are the change without the tool's name. */
function argsOf(step: Step) {
  const { tool: _tool, ...args } = step.change;
  return args;
}
