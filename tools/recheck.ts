import type { Recheck } from '#approvals/gate.ts';
import type { Step } from '#approvals/plan.ts';
import { canonical } from '#core/canonical.ts';
import type { IncidentId } from '#core/ids.ts';
import { WorkloadSeen } from '#incidents/observations.ts';
import { ServiceRef } from '#incidents/refs.ts';
import type { Invoke } from './call-result.ts';
import type { createInvoke } from './invoke.ts';
import { lookAtSignal } from './watch-signal.ts';

/**
 * Whether all is still as people saw it. Before its first step a plan is also not needed any more when the signal that
 * it must bring back is back; one that cannot be seen now is not taken for that. An undo only asks that nobody touched
 * the target since the change.
 */
export function recheckWith(invoke: ReturnType<typeof createInvoke>): Recheck {
  return async ({ approval, step, generation, purpose }) => {
    const { plan, calls } = approval;
    if (purpose === 'undo') {
      // Of anything else its driver looks in the same moment in which it takes it back.
      if (!isService(step.target.ref)) return 'same';
      const now = await targetNow(invoke, plan.incident, step.target.ref);
      return now?.generation === generation && now.uid === step.target.uid ? 'same' : 'drifted';
    }
    const { verification } = plan;
    if (calls.length === 0 && 'signal' in verification) {
      if ((await lookAtSignal(invoke, plan, verification)).inBand) return 'recovered';
    }
    const caller = { kind: 'system', incident: plan.incident } as const;
    const again = await invoke.dryRun(caller, step.tool, argsOf(step));
    if (again.kind === 'refused') return 'dry_run_failed';
    const { target, preview, undo: back } = again.step;
    const shown = { target: { ...step.target, generation }, preview: step.preview, undo: step.undo };
    return canonical({ target, preview, undo: back }) === canonical(shown) ? 'same' : 'drifted';
  };
}

const isService = (ref: string): boolean => ServiceRef.safeParse(ref).success;

/** What pins a service now; null when it cannot be seen, or is none. */
export async function targetNow(
  invoke: Pick<Invoke, 'one'>,
  incident: IncidentId,
  service: string,
): Promise<{ uid: string; generation: number } | null> {
  if (!isService(service)) return null;
  const { outcome } = await invoke.one({ kind: 'system', incident }, 'workload_status', { service });
  const seen = outcome.kind === 'ok' ? WorkloadSeen.safeParse(outcome.value) : undefined;
  return seen?.success ? seen.data : null;
}

/** The tool's arguments are the change without the tool's name. */
function argsOf(step: Step) {
  const { tool: _tool, ...args } = step.change;
  return args;
}
