import { withdraw } from '#approvals/end.ts';
import { isRefuted } from '#approvals/refuted.ts';
import type { IncidentId } from '#core/ids.ts';
import type { CarryOutDeps } from '#tools/carry-out.ts';
import type { Folds } from './folds.ts';

type Deps = { readonly folds: Pick<Folds, 'incidents' | 'approvals'>; readonly carry: CarryOutDeps };

/** Whether a proposal waits, or was approved and not started, that rests on a cause which a person says is wrong. */
export function restsOnRefuted({ folds }: Pick<Deps, 'folds'>, id: IncidentId): boolean {
  const incident = folds.incidents.get(id);
  if (incident === undefined || incident.resolved !== null) return false;
  return folds.approvals
    .of(id)
    .some(({ state, plan }) => (state === 'pending' || state === 'approved') && isRefuted(incident, plan));
}

/** Gives an incident whose named cause a person refuted to people: what rests on that cause is withdrawn, anything else waits on. */
export async function refute({ folds, carry: { gate, invoke } }: Deps, id: IncidentId): Promise<void> {
  const incident = folds.incidents.get(id);
  if (incident === undefined || !restsOnRefuted({ folds }, id)) return;
  if (incident.escalated === null) {
    const args = { reason: 'cause_refuted', missing: [] };
    await invoke.one({ kind: 'system', incident: id }, 'incident_escalate', args);
  }
  await withdraw(gate, id, {
    reason: 'cause_refuted',
    which: ({ plan }) => isRefuted(incident, plan),
  });
}
