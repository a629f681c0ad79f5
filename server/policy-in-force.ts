import type { People, Person } from '#approvals/people.ts';
import type { Policy } from '#approvals/policy.ts';
import { compareTerms, type TermsChange, widerOnly } from '#approvals/policy-answers.ts';
import { acceptDrafts, type PolicyFold } from '#approvals/policy-fold.ts';
import {
  capsOf,
  isSameStanding,
  personWithin,
  type Standing,
  standingDigest,
  standingOf,
  type Terms,
  within,
} from '#approvals/policy-standing.ts';
import type { Log } from '#audit/log.ts';
import type { Digest, PersonId } from '#core/ids.ts';

/** Who may change what while this server runs: what the config allows, as far as it was accepted. */
export type PolicyInForce = {
  /** The same objects for the life of the server; what they say follows each acceptance. */
  readonly policy: Policy;
  readonly people: People;
  /** Digest of everything that the config allows. */
  readonly loaded: Digest;
  /** What the config allows beyond what was accepted; it does not count yet. */
  waiting(): TermsChange;
  /** Whether this person may take it on: an owner in force, or, where none is left, an owner of the config. */
  mayAccept(id: PersonId): boolean;
  /** Takes on everything that the config allows, in this person's name. Throws when the log cannot take it; then nothing changed. */
  accept(by: PersonId, trace?: string): Promise<void>;
};

/**
 * Settles at the start what counts. A log that holds no acceptance takes the config as it is. What the config no longer
 * allows ends at once, and is recorded, so that it must be accepted again if it comes back. What it allows beyond what was
 * accepted waits for an owner.
 */
export async function createPolicyInForce({
  terms,
  fold,
  log,
}: {
  terms: Terms;
  fold: PolicyFold;
  log: Log;
}): Promise<PolicyInForce> {
  const loaded = standingOf(terms);
  const accepted = fold.accepted;
  const counts = accepted === null ? loaded : within(accepted, loaded);
  if (accepted === null) await log.append(acceptDrafts(counts, { by: null, why: 'first' }));
  else if (!isSameStanding(counts, accepted))
    await log.append(acceptDrafts(counts, { by: null, why: 'narrower' }));
  const live = liveTerms(terms, counts);
  return {
    policy: live.policy,
    people: live.people,
    loaded: standingDigest(loaded),
    waiting: () => widerOnly(compareTerms(live, terms)),
    mayAccept: (id) => {
      const owners = (people: People) => [...people.values()].filter(({ roles }) => roles.includes('owner'));
      const left = owners(live.people);
      return (left.length > 0 ? left : owners(terms.people)).some((person) => person.id === id);
    },
    accept: async (by, trace) => {
      await log.append(acceptDrafts(loaded, { by, why: 'owner' }, trace));
      live.become(loaded);
    },
  };
}

/** Terms that never allow more than a standing, which can be exchanged. */
function liveTerms(terms: Terms, first: Standing): Terms & { become(standing: Standing): void } {
  let caps = capsOf(first);
  const people = new Map<PersonId, Person>();
  const { version, rules } = terms.policy;
  const become = (standing: Standing): void => {
    caps = capsOf(standing);
    for (const [id, person] of terms.people) people.set(id, personWithin(person, standing));
  };
  become(first);
  return {
    policy: {
      version,
      rules,
      get caps() {
        return caps;
      },
    },
    people,
    inventory: terms.inventory,
    become,
  };
}
