import type { People, Person } from '#approvals/people.ts';
import type { Speaker } from '#slack/ports.ts';

/** Who speaks, known by the verified id of the account, never by a name that is shown; undefined: nobody of the config. */
export function personOf(people: People, { person }: Pick<Speaker, 'person'>): Person | undefined {
  return person === null ? undefined : people.get(person);
}
