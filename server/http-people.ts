import type { People, Person } from '#approvals/people.ts';
import { Digest } from '#core/ids.ts';
import { bearerToken, isToken } from '#intake/bearer.ts';

/** Gives the person whose token an Authorization header holds. */
export type Identify = (authorization: string | undefined) => Person | undefined;

/** Compares with every known hash, so that the time does not tell whose token came close. Throws for a hash that is none. */
export function identifier(people: People): Identify {
  const known = [...people.values()].flatMap((person) =>
    person.tokenHash === null ? [] : [{ person, hash: Digest.parse(person.tokenHash) }],
  );
  return (authorization) => {
    const token = bearerToken(authorization);
    if (token === undefined) return undefined;
    return known.filter(({ hash }) => isToken(token, hash))[0]?.person;
  };
}
