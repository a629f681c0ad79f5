import type { Fact } from '#incidents/entry.ts';

/** Which incidents people keep agents out of, as far as a log was read: taken over, or paused. */
export type Holds = { apply(fact: Fact): void; isHeld(incident: string | undefined): boolean };

/** Nothing is held at the beginning of a log; a closed or re-opened incident is held by nobody. */
export function replayHolds(): Holds {
  const taken = new Set<string>();
  const paused = new Set<string>();
  return {
    apply: (fact) => {
      const id = fact.entry.incidentId;
      if (id === undefined) return;
      switch (fact.kind) {
        case 'incident.taken':
        case 'handover.accepted':
          taken.add(id);
          return;
        case 'incident.paused':
          if (fact.body.on) paused.add(id);
          else paused.delete(id);
          return;
        case 'incident.resolved':
        case 'incident.reopened':
          taken.delete(id);
          paused.delete(id);
          return;
        default:
          return;
      }
    },
    isHeld: (incident) => incident !== undefined && (taken.has(incident) || paused.has(incident)),
  };
}
