import { mayRespond, type People } from '#approvals/people.ts';
import type { PersonId } from '#core/ids.ts';
import type { ActDeps } from './acts/act.ts';
import { acknowledge } from './acts/ownership.ts';
import type { Jobs } from './jobs.ts';

export type SeenPagesDeps = ActDeps & {
  readonly people: People;
  /** By id of the user in the paging system. */
  readonly users: ReadonlyMap<string, PersonId>;
  readonly jobs: Jobs;
};

/**
 * A responder who acknowledges the page in the paging system has seen the incident: that is recorded as if they had said
 * so here, and it says no more than that. Worked out from the log alone, so a restart loses nothing. `tick` is cheap.
 */
export function createSeenPages({ people, users, jobs, ...deps }: SeenPagesDeps): { tick(): void } {
  const busy = new Set<string>();
  return {
    tick: () => {
      for (const { id, alerts, resolved, acknowledgedBy, takenBy } of deps.incidents.current()) {
        if (resolved !== null || acknowledgedBy !== null || takenBy !== null || busy.has(id)) continue;
        const responders = alerts.flatMap(({ seenBy, cleared }) => {
          const who = seenBy === undefined || cleared ? undefined : users.get(seenBy);
          const person = who === undefined ? undefined : people.get(who);
          return person !== undefined && mayRespond(person) ? [person] : [];
        });
        const [person] = responders;
        if (person === undefined) continue;
        busy.add(id);
        jobs.run(`seen ${id}`, async () => {
          await acknowledge(deps, { person, incident: id }).finally(() => busy.delete(id));
        });
      }
    },
  };
}
