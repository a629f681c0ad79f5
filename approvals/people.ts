import type { PersonId } from '#core/ids.ts';
import type { Tier } from '#incidents/vocabulary.ts';

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

/** Whether these people together may let a plan run: one approver; for a wide change two, one of whom owns the target. */
export function suffice(voters: readonly Person[], { tier, owner }: { tier: Tier; owner: string }): boolean {
  const approvers = new Map(voters.filter(mayApprove).map((person) => [person.id, person]));
  if (tier !== 'R3') return approvers.size >= 1;
  return approvers.size >= 2 && [...approvers.values()].some((person) => owns(person, owner));
}
