import type { Approval } from '#approvals/approval.ts';
import { appendEach, approvalContext } from '#approvals/end.ts';
import type { GateDeps } from '#approvals/gate-deps.ts';
import type { Plan, SignalVerification } from '#approvals/plan.ts';
import type { CallId } from '#core/ids.ts';
import { fact } from '#incidents/entry.ts';
import { SignalSeen } from '#incidents/observations.ts';
import { decimal } from '#incidents/vocabulary.ts';
import type { Invoke } from './call-result.ts';

export type WatchDeps = { readonly gate: GateDeps; readonly invoke: Pick<Invoke, 'one'> };

/** What was seen of the signal that must come back; `value` is null where it could not be seen. */
export type Look = { readonly call: CallId | null; readonly value: number | null; readonly inBand: boolean };

/** Reads the signal by which a plan is judged, now. */
export async function lookAtSignal(
  invoke: Pick<Invoke, 'one'>,
  { incident, createdAt }: Pick<Plan, 'incident' | 'createdAt'>,
  verification: SignalVerification,
): Promise<Look> {
  const args = { service: `service:${verification.service}`, signal: verification.signal, at: createdAt };
  const { call, outcome } = await invoke.one({ kind: 'system', incident }, 'metrics_query', args);
  const seen = outcome.kind === 'ok' ? SignalSeen.safeParse(outcome.value) : undefined;
  const value = seen?.success ? seen.data.now : null;
  const inBand = value !== null && value >= Number(verification.low) && value <= Number(verification.high);
  return { call, value, inBand };
}

/** One look at the signal after a change: recorded, and judged when there are enough, or when the window is over. */
export async function sample(
  deps: WatchDeps,
  approval: Approval,
  verification: SignalVerification,
): Promise<void> {
  const { gate } = deps;
  const { call, value, inBand } = await lookAtSignal(deps.invoke, approval.plan, verification);
  if (call !== null) {
    const figure = value === null ? null : (decimal(value) ?? null);
    const body = { approval: approval.id, call, value: figure, inBand };
    await gate.log.append([fact('action.sampled', body, approvalContext(approval))]);
  }
  const isWatched = (one: Approval) =>
    one.id === approval.id && (one.state === 'succeeded' || one.state === 'halted');
  if (approval.inBand >= verification.samples)
    await appendEach(gate, isWatched, (one) =>
      fact('action.verified', { approval: one.id, samples: one.samples }, approvalContext(one)),
    );
  else if (gate.clock.now() - approval.at >= verification.windowMs)
    await appendEach(gate, isWatched, (one) =>
      fact('action.unverified', { approval: one.id, reason: 'out_of_band' }, approvalContext(one)),
    );
}
