import type { Digest, PersonId } from '#core/ids.ts';
import type { Tier } from '#incidents/vocabulary.ts';
import { type Right, type Role, rightsOf } from './rights.ts';

/** A personal token, of which only the SHA-256 is known. */
export type PersonalToken = {
  readonly hash: Digest;
  /** From then on it counts no more, ms; null = it does not end by itself. */
  readonly expires: number | null;
  /** What it is for; null = everything that its person may. */
  readonly scopes: readonly Right[] | null;
};

/** A person of the config. */
export type Person = {
  readonly id: PersonId;
  readonly name: string;
  readonly tokens: readonly PersonalToken[];
  readonly roles: readonly Role[];
  readonly teams: readonly string[];
  /** What the token that they showed is for; left out = everything that their roles give. */
  readonly scopes?: readonly Right[];
};
export type People = ReadonlyMap<PersonId, Person>;

/** Whether a person may do this: one of their roles gives it, and so does the token that they showed. Whom the config names may read. */
export function may({ roles, scopes }: Pick<Person, 'roles' | 'scopes'>, right: Right): boolean {
  const isOfRole = right === 'read' || roles.some((role) => rightsOf[role].includes(right));
  return isOfRole && (scopes ?? [right]).includes(right);
}

/** Who takes incidents: anyone on call. */
export function mayRespond(person: Person): boolean {
  return may(person, 'note');
}

/** Who may decide on a change. */
export function mayApprove(person: Person): boolean {
  return may(person, 'decide');
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
