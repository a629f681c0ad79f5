import type { PersonId } from '#core/ids.ts';

export const roles = ['viewer', 'responder', 'approver', 'owner', 'admin'] as const;
export type Role = (typeof roles)[number];

/** A person of the config; `tokenHash` is the SHA-256 of the personal token, which is never stored. */
export type Person = {
  readonly id: PersonId;
  readonly name: string;
  readonly tokenHash: string | null;
  readonly roles: readonly Role[];
  readonly teams: readonly string[];
};
export type People = ReadonlyMap<PersonId, Person>;

/** Who may see, take an incident, switch off: anyone on call. */
export function mayRespond(person: Person): boolean {
  return person.roles.some(
    (role) => role === 'responder' || role === 'approver' || role === 'owner' || role === 'admin',
  );
}

/** Who may decide on a change. */
export function mayApprove(person: Person): boolean {
  return person.roles.some((role) => role === 'approver' || role === 'owner');
}

export function owns(person: Person, team: string): boolean {
  return person.roles.includes('owner') && person.teams.includes(team);
}
