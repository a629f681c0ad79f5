import type { IncidentId } from '#core/ids.ts';
import type { Incident } from '#incidents/incident.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { Approval } from './approval.ts';
import type { GateDeps } from './gate-deps.ts';
import type { People } from './people.ts';
import type { Policy, StopFlags } from './policy.ts';

/** Everything that the gate looks at when it decides, at one instant. */
export type View = {
  readonly now: number;
  readonly flags: StopFlags;
  readonly policy: Policy;
  readonly people: People;
  readonly inventory: Inventory;
  /** Changes that one incident may start, undos not counted. */
  readonly changes: number;
  readonly approvals: readonly Approval[];
  readonly incidentOf: (id: IncidentId) => Incident | undefined;
};

/** What the gate sees now. */
export function viewOf(deps: GateDeps): View {
  const { policy, people, inventory, incidents, approvals } = deps;
  return {
    now: deps.clock.now(),
    flags: deps.flags(),
    policy,
    people,
    inventory,
    changes: deps.limits.changes,
    approvals: approvals.all(),
    incidentOf: (id) => incidents.get(id),
  };
}
