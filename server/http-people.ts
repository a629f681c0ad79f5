import type { People, Person } from '#approvals/people.ts';
import { Digest } from '#core/ids.ts';
import { bearerToken, isToken } from '#intake/bearer.ts';

/** Gives the person whose token an Authorization header holds. */
export type Identify = (authorization: string | undefined) => Person | undefined;

/** Compares with every known hash, so that the time does not tell whose token came close. Throws for a hash that is none. */
export function identifier(people: People): Identify {
  const known = [...people.values()].flatMap((person) =>
    person.tokenHash === null ? [] : [{ id: person.id, hash: Digest.parse(person.tokenHash) }],
  );
  return (authorization) => {
    const token = bearerToken(authorization);
    if (token === undefined) return undefined;
    const [found] = known.filter(({ hash }) => isToken(token, hash));
    // As they are now: what a person may do can change while the server runs.
    return found && people.get(found.id);
  };
}
