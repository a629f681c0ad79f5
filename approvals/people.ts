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

/** An owner of that team; nobody owns what has no team. */
export function owns(person: Person, team: string): boolean {
  return team !== '' && person.roles.includes('owner') && person.teams.includes(team);
}

/** What a plan asks of the people who say yes to it. */
export type Needed = {
  readonly tier: Tier;
  /** The teams that own its targets. */
  readonly owners: readonly string[];
  /** Everybody who asked for any of it. */
  readonly requestedBy: readonly PersonId[];
};

/**
 * Whether these people together may let a plan run: one approver; for a wide change two different ones, of whom every
 * target has an owner, and nobody who asked for any of it is one of them.
 */
export function suffice(voters: readonly Person[], { tier, owners, requestedBy }: Needed): boolean {
  const approvers = new Map(voters.filter(mayApprove).map((person) => [person.id, person]));
  if (tier !== 'R3') return approvers.size >= 1;
  for (const asker of requestedBy) approvers.delete(asker);
  const others = [...approvers.values()];
  return others.length >= 2 && owners.every((team) => others.some((person) => owns(person, team)));
}
