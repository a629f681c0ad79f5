import type { People, Person } from '#approvals/people.ts';
import type { PersonId } from '#core/ids.ts';
import { bearerToken, isToken } from '#intake/bearer.ts';

/** Who shows a token, if anybody whom the config knows. */
export type Identity =
  | { readonly kind: 'known'; readonly person: Person }
  /** It was theirs until then, ms. */
  | { readonly kind: 'expired'; readonly person: PersonId; readonly at: number }
  | { readonly kind: 'unknown' };
export type Identify = (authorization: string | undefined) => Identity;

/**
 * Tells whose token an Authorization header holds. Compares with every known hash, so that the time does not tell whose
 * came close. A token that is for less than its person may narrows them.
 */
export function identifier(people: People, now: () => number): Identify {
  const known = [...people.values()].flatMap(({ id, tokens }) => tokens.map((token) => ({ ...token, id })));
  return (authorization) => {
    const shown = bearerToken(authorization);
    if (shown === undefined) return { kind: 'unknown' };
    const [found] = known.filter(({ hash }) => isToken(shown, hash));
    // As they are now: what a person may do can change while the server runs.
    const person = found && people.get(found.id);
    if (found === undefined || person === undefined) return { kind: 'unknown' };
    if (found.expires !== null && now() >= found.expires)
      return { kind: 'expired', person: person.id, at: found.expires };
    return { kind: 'known', person: found.scopes === null ? person : { ...person, scopes: found.scopes } };
  };
}
