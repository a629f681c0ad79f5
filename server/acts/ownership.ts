import { mayRespond, type People, type Person } from '#approvals/people.ts';
import type { IncidentId, PersonId } from '#core/ids.ts';
import { fact } from '#incidents/entry.ts';
import { type ActDeps, type Acted, act } from './act.ts';

/** A person and the incident that they speak of. */
export type About = {
  readonly person: Person;
  readonly incident: IncidentId;
  /** The request that carried it. */
  readonly trace?: string;
};

/** Notes that somebody has seen the page; the first one counts. */
export function acknowledge(deps: ActDeps, about: About): Promise<Acted> {
  return act(deps, { ...about, what: 'acknowledge' }, ({ acknowledgedBy, takenBy }, context) =>
    acknowledgedBy !== null || takenBy !== null
      ? 'already_seen'
      : { drafts: [fact('incident.acknowledged', { by: about.person.id }, context)] },
  );
}

/** The person works on it from now on: agents stop, and what waits for people is withdrawn. */
export function take(deps: ActDeps, about: About): Promise<Acted> {
  const by = about.person.id;
  return act(deps, { ...about, what: 'take' }, ({ takenBy }, context) => {
    if (takenBy !== null) return takenBy === by ? 'already_yours' : 'taken';
    return { drafts: [fact('incident.taken', { by }, context)] };
  });
}

/** Agents stop at their next step and nothing new starts; what was started already is watched to its end. */
export function pause(deps: ActDeps, about: About): Promise<Acted> {
  return act(deps, { ...about, what: 'pause' }, ({ paused, takenBy }, context) => {
    if (takenBy !== null) return takenBy === about.person.id ? 'already_yours' : 'taken';
    if (paused !== null) return 'already_paused';
    return { drafts: [fact('incident.paused', { on: true, by: about.person.id }, context)] };
  });
}

/** It goes on, and everything is read anew. */
export function resume(deps: ActDeps, about: About): Promise<Acted> {
  return act(deps, { ...about, what: 'pause' }, ({ paused }, context) =>
    paused === null
      ? 'not_paused'
      : { drafts: [fact('incident.paused', { on: false, by: about.person.id }, context)] },
  );
}

/** Offers the incident to a person, or to whoever accepts it (`to` null). It stays where it is until then. */
export function offerHandover(
  deps: ActDeps & { readonly people: People },
  about: About,
  to: PersonId | null,
): Promise<Acted> {
  const by = about.person.id;
  return act(deps, { ...about, what: 'hand_over' }, ({ takenBy }, context) => {
    if (takenBy !== null && takenBy !== by) return 'not_yours';
    const other = to === null ? undefined : deps.people.get(to);
    if (to !== null && (other === undefined || !mayRespond(other))) return 'unknown_person';
    if (to === by) return 'own_offer';
    return { drafts: [fact('handover.offered', { by, to }, context)] };
  });
}

/** Takes up an offer: from here on the person has it. */
export function acceptHandover(deps: ActDeps, about: About): Promise<Acted> {
  const by = about.person.id;
  return act(deps, { ...about, what: 'hand_over' }, ({ handover, takenBy }, context) => {
    if (handover === null) return takenBy === by ? 'already_yours' : 'nothing_offered';
    if (handover.by === by) return 'own_offer';
    if (handover.to !== null && handover.to !== by) return 'offered_to_other';
    return { drafts: [fact('handover.accepted', { by, from: takenBy ?? handover.by }, context)] };
  });
}
