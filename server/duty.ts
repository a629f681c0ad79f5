import type { ApprovalFold } from '#approvals/approval-fold.ts';
import { mayApprove, mayRespond, type People } from '#approvals/people.ts';
import type { Clock } from '#core/clock.ts';
import type { IncidentId, PersonId } from '#core/ids.ts';
import {
  type EscalationInput,
  expectedRung,
  type NextRung,
  type Notify,
  nextRung,
} from '#incidents/escalation.ts';
import type { Incident } from '#incidents/incident.ts';
import { onCallNow } from '#incidents/rota.ts';
import type { RungFold } from '#incidents/rung-fold.ts';
import type { Asks } from '#views/next-step.ts';
import type { Team } from './config-duty.ts';
import type { SlackSettings } from './config-slack.ts';

/** Answers of a rota that is kept elsewhere, as they were last heard; empty when they are not known. */
export type Elsewhere = (rota: Extract<Team['rota'], { kind: 'pagerduty' }>) => readonly PersonId[];

export type DutyDeps = {
  readonly teams: readonly Team[];
  readonly people: People;
  readonly defaultOwner: string;
  readonly slack: Pick<SlackSettings, 'team' | 'defaultChannel' | 'people'> | null;
  readonly clock: Pick<Clock, 'now'>;
  readonly rungs: RungFold;
  readonly approvals: ApprovalFold;
  readonly elsewhere?: Elsewhere;
};

export type Duty = {
  /** Who is on duty for a team now; empty when nobody is known. */
  onCall(team: string): readonly PersonId[];
  /** The people behind a rung: never nobody as long as the team has anybody; `channel` is nobody by name. */
  peopleOf(team: string, notify: Notify): readonly PersonId[];
  /**
   * The Slack channel of the incident's owner, else the default one, also where the owner's took none (`refused`); ''
   * without Slack.
   */
  channelFor(incident: Pick<Incident, 'owner'>, refused?: string | null): string;
  /** What a person is called, and their account in our workspace; null: none is known. */
  contactOf(person: PersonId): Contact;
  /** Slack ids of those who are asked to decide on a plan: like `mentionsFor`, those first who may. */
  decidersFor(incident: Pick<Incident, 'id' | 'owner'>): readonly string[];
  /** Slack ids of those who are asked about it, the last asked first, at most three; of our workspace only. */
  mentionsFor(incident: Pick<Incident, 'id' | 'owner'>): readonly string[];
  /** The rung that comes next, with the people it would ask now. */
  next(incident: Incident): (NextRung & { readonly people: readonly PersonId[] }) | null;
  /** Who is asked next if nobody answers, by name, and when; null when nobody more will be. */
  asks(incident: Incident): Asks | null;
};

/** A person as Slack can call them. */
export type Contact = { readonly name: string; readonly account: string | null };

const MOST_MENTIONS = 3;
const MOST_PEOPLE = 20;

/** Who is on duty and whom to ask, from the config, the time and the log. An owner that is not known is the default one. */
export function createDuty(deps: DutyDeps): Duty {
  const { people, slack, clock, rungs } = deps;
  const teams = new Map(deps.teams.map((team) => [team.id, team]));
  const teamOf = (id: string): Team | undefined => teams.get(id) ?? teams.get(deps.defaultOwner);
  const accounts = accountsOf(slack);
  const membersOf = (id: string): PersonId[] =>
    [...people.values()]
      .filter((person) => person.teams.includes(id) && mayRespond(person))
      .map((person) => person.id)
      .slice(0, MOST_PEOPLE);
  const onCall = (id: string): readonly PersonId[] => {
    const rota = teamOf(id)?.rota ?? null;
    if (rota === null) return [];
    if (rota.kind === 'pagerduty') return deps.elsewhere?.(rota) ?? [];
    const turn = onCallNow(rota.rota, clock.now());
    return turn === undefined ? [] : [turn.person];
  };
  const peopleOf = (id: string, notify: Notify): readonly PersonId[] => {
    const team = teamOf(id)?.id ?? id;
    if (notify === 'channel') return [];
    if (notify === 'team') return membersOf(team);
    if (notify !== 'rota') return [notify];
    const now = onCall(team);
    return now.length > 0 ? now : membersOf(team);
  };
  const accountsFor = (all: readonly PersonId[]): readonly string[] =>
    [...new Set(all)].flatMap((person) => accounts.get(person) ?? []).slice(0, MOST_MENTIONS);
  /** Those who were asked last first, then whoever is on duty. */
  const askedAbout = ({ id, owner }: Pick<Incident, 'id' | 'owner'>): readonly PersonId[] => [
    ...rungs
      .get(id)
      .reached.toReversed()
      .flatMap((rung) => rung.people),
    ...peopleOf(owner, 'rota'),
  ];
  const mayDecide = (id: PersonId): boolean => {
    const person = people.get(id);
    return person !== undefined && mayApprove(person);
  };
  const inputOf = (incident: Incident): EscalationInput => {
    return { incident, state: rungs.get(incident.id), rungs: teamOf(incident.owner)?.rungs ?? [] };
  };
  return {
    onCall,
    peopleOf,
    channelFor: ({ owner }, refused = null) => {
      const all = slack?.defaultChannel ?? '';
      const own = teamOf(owner)?.channel ?? all;
      return own === refused ? all : own;
    },
    contactOf: (id) => ({ name: people.get(id)?.name ?? id, account: accounts.get(id) ?? null }),
    mentionsFor: (incident) => accountsFor(askedAbout(incident)),
    decidersFor: (incident) => {
      const all = [...askedAbout(incident), ...membersOf(teamOf(incident.owner)?.id ?? incident.owner)];
      const may = all.filter((id) => mayDecide(id));
      return accountsFor([...may, ...all]);
    },
    next: (incident) => {
      const rung = nextRung(inputOf(incident));
      return rung && { ...rung, people: peopleOf(incident.owner, rung.notify) };
    },
    asks: (incident) => {
      const rung = expectedRung(inputOf(incident), raiseAt(deps.approvals, incident.id));
      if (rung === null || rung.at <= clock.now()) return null;
      const names = peopleOf(incident.owner, rung.notify).map((id) => people.get(id)?.name ?? id);
      return { people: names.length === 0 ? [`the channel of ${incident.owner}`] : names, at: rung.at };
    },
  };
}

/** When a plan that waits now will be a reason to ask more people, if nobody answers it. */
function raiseAt(approvals: ApprovalFold, incident: IncidentId): number | null {
  const pending = approvals.of(incident).filter(({ state }) => state === 'pending');
  const times = pending.map(({ reminded, requestedAt, plan: { expiresAt } }) =>
    reminded ? expiresAt : requestedAt + (expiresAt - requestedAt) / 2,
  );
  return times.length === 0 ? null : Math.min(...times);
}

/** The first account of each person in our workspace. */
function accountsOf(slack: DutyDeps['slack']): ReadonlyMap<PersonId, string> {
  const found = new Map<PersonId, string>();
  for (const [key, person] of slack?.people ?? []) {
    const [team, user] = key.split('/');
    if (team === slack?.team && user !== undefined && !found.has(person)) found.set(person, user);
  }
  return found;
}
