import type { PersonId } from '#core/ids.ts';
import type { Incident } from '#incidents/incident.ts';
import { actionCallRef } from '#incidents/operator-action.ts';
import type { Change, Step } from './plan.ts';

/** What somebody names who asks for just this change: its target, of an operator's action with its values. */
export function askedAs(change: Change): string {
  return change.tool === 'operator_action' ? actionCallRef(change.target, change.params) : change.target;
}

/** Everybody who asked for one of these changes, by the log and not by what an agent says. */
export function requestersOf({ requests }: Incident, steps: readonly Step[]): PersonId[] {
  const asked = requests.filter(({ tool, target }) =>
    steps.some((step) => step.tool === tool && askedAs(step.change) === target),
  );
  return [...new Set(asked.map(({ by }) => by))].sort();
}
