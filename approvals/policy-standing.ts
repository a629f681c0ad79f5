import { taggedHash } from '#core/hash.ts';
import type { Digest, PersonId, ServiceId } from '#core/ids.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { OperatorAction } from '#incidents/operator-action.ts';
import type { Mode } from '#incidents/vocabulary.ts';
import type { People, Person } from './people.ts';
import { Change, type ChangeTool, type Step } from './plan.ts';
import { capKey, evaluate, lowerMode, type Policy, type StopFlags } from './policy.ts';

/** Everything in a config that says who may change what. */
export type Terms = { readonly policy: Policy; readonly inventory: Inventory; readonly people: People };

/** One service: what people may be asked to let happen to it, and what may only be shown as a command. */
export type ServiceStanding = {
  readonly service: ServiceId;
  readonly environment: string;
  readonly owner: string;
  readonly act: readonly string[];
  readonly propose: readonly string[];
};
/** One person who may decide: `teams` counts where they own. */
export type PersonStanding = {
  readonly person: PersonId;
  readonly approves: boolean;
  readonly owns: boolean;
  readonly teams: readonly string[];
};
/** What terms allow, and nothing else: services and people that are not in it may nothing. In the order of their names. */
export type Standing = {
  readonly services: readonly ServiceStanding[];
  readonly people: readonly PersonStanding[];
};

export const changeTools: readonly ChangeTool[] = Change.options.map((change) => change.shape.tool.value);

export const noFlags: StopFlags = {
  off: false,
  frozen: false,
  unverified: false,
  clockJumped: false,
  unreadLog: false,
  tampered: false,
};

/**
 * What is accepted by itself on a service: each tool, and each of the operator's actions together with what it runs, so
 * that neither a new action nor another command under an old name counts before an owner accepted it.
 */
export function cellsOf({ actions }: Inventory, service: ServiceId): readonly Cell[] {
  const own = [...(actions?.values() ?? [])].filter((one) => one.service === service);
  return [
    ...changeTools.filter((tool) => tool !== 'operator_action').map((tool) => ({ tool, cell: tool })),
    ...own.map((action) => ({ tool: 'operator_action', cell: actionCell(action) })),
  ];
}
export type Cell = { readonly tool: string; readonly cell: string };

/** The cell of one change: its tool, or the operator's action that it is. */
export function cellOf({ actions }: Inventory, { tool, target: { ref } }: Step): string {
  if (tool !== 'operator_action') return tool;
  const action = actions?.get(ref.slice('action:'.length));
  return action === undefined ? tool : actionCell(action);
}

/** So many that nobody finds two commands, one to have accepted and one to run, with the same ones. */
const CELL_DIGITS = 40;

function actionCell({ name, argv, undo, params, env, tier }: OperatorAction): string {
  const what = JSON.stringify([argv, undo, [...params], [...env], tier]).normalize('NFC');
  return `operator_action:${name}:${taggedHash('firebreak/action/v1', what).slice(0, CELL_DIGITS)}`;
}

/** How far terms let a tool go on a service, when nothing is stopped. */
export function modeAllowed({ policy, inventory }: Terms, service: ServiceId, { tool, cell }: Cell): Mode {
  const known = inventory.services.get(service);
  if (known === undefined) return 'observe';
  const { environment, mode } = known;
  const question = { caller: 'remediation', tool, cell, tier: 'R2', service, environment, mode } as const;
  const verdict = evaluate(policy, { ...question, purpose: 'change', flags: noFlags });
  return verdict.kind === 'ask' ? 'act' : verdict.kind === 'record' ? verdict.mode : 'observe';
}

/** What terms allow, as it is compared and kept in the log. */
export function standingOf(terms: Terms): Standing {
  const services = [...terms.inventory.services.values()].map(({ id, environment, owner }) => {
    const cells = cellsOf(terms.inventory, id);
    const at = (mode: Mode) =>
      cells.filter((one) => modeAllowed(terms, id, one) === mode).map(({ cell }) => cell);
    return { service: id, environment, owner, act: at('act'), propose: at('propose') };
  });
  return sorted({ services, people: [...terms.people.values()].map(personStanding) });
}

function personStanding({ id, roles, teams }: Person): PersonStanding {
  const owns = roles.includes('owner');
  return { person: id, approves: owns || roles.includes('approver'), owns, teams: owns ? teams : [] };
}

/** What both allow. A service that changed its owner or its environment is another one. */
export function within(one: Standing, other: Standing): Standing {
  const services = one.services.flatMap((mine): ServiceStanding[] => {
    const theirs = other.services.find(
      ({ service, environment, owner }) =>
        service === mine.service && environment === mine.environment && owner === mine.owner,
    );
    if (theirs === undefined) return [];
    const lower = (tool: string) => lowerMode(reachOf(mine, tool), reachOf(theirs, tool));
    const tools = [...mine.act, ...mine.propose];
    const at = (mode: Mode) => tools.filter((tool) => lower(tool) === mode);
    return [{ ...mine, act: at('act'), propose: at('propose') }];
  });
  const people = one.people.flatMap((mine): PersonStanding[] => {
    const theirs = other.people.find(({ person }) => person === mine.person);
    if (theirs === undefined) return [];
    const teams = mine.teams.filter((team) => theirs.teams.includes(team));
    const [approves, owns] = [mine.approves && theirs.approves, mine.owns && theirs.owns];
    return [{ person: mine.person, approves, owns, teams }];
  });
  return sorted({ services, people });
}

function reachOf({ act, propose }: ServiceStanding, tool: string): Mode {
  return act.includes(tool) ? 'act' : propose.includes(tool) ? 'propose' : 'observe';
}

/** One form for one meaning: what may nothing is left out, and nothing depends on an order. */
function sorted({ services, people }: Standing): Standing {
  return {
    services: services
      .filter(({ act, propose }) => act.length + propose.length > 0)
      .map((one) => ({ ...one, act: one.act.toSorted(), propose: one.propose.toSorted() }))
      .toSorted((a, b) => compare(a.service, b.service)),
    people: people
      .filter(({ approves }) => approves)
      .map((one) => ({ ...one, teams: one.owns ? [...new Set(one.teams)].toSorted() : [] }))
      .toSorted((a, b) => compare(a.person, b.person)),
  };
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

export function isSameStanding(one: Standing, other: Standing): boolean {
  return plain(one) === plain(other);
}

export function standingDigest(standing: Standing): Digest {
  return taggedHash('firebreak/standing/v1', plain(standing));
}

/** One text for one meaning; a standing has more values than the canonical encoder takes in one piece. */
function plain({ services, people }: Standing): string {
  return JSON.stringify([
    services.map(({ service, environment, owner, act, propose }) => [
      service,
      environment,
      owner,
      act,
      propose,
    ]),
    people.map(({ person, approves, owns, teams }) => [person, approves, owns, teams]),
  ]).normalize('NFC');
}

/** `Policy.caps` for what a standing allows. */
export function capsOf({ services }: Standing): ReadonlyMap<string, Mode> {
  const cells = (mode: Mode, tools: readonly string[], service: string) =>
    tools.map((tool) => [capKey(service, tool), mode] as const);
  return new Map(
    services.flatMap(({ service, act, propose }) => [
      ...cells('act', act, service),
      ...cells('propose', propose, service),
    ]),
  );
}

/** A person with no more say than a standing gives them; everything else they may stays as it is. */
export function personWithin(person: Person, { people }: Standing): Person {
  const said = people.find((one) => one.person === person.id);
  const others = person.roles.filter((role) => role !== 'owner' && role !== 'approver');
  const own = personStanding(person);
  const owns = said?.owns === true && own.owns;
  const approves = said?.approves === true && own.approves;
  const teams = owns ? person.teams.filter((team) => said.teams.includes(team)) : person.teams;
  return {
    ...person,
    teams,
    roles: owns ? [...others, 'approver', 'owner'] : approves ? [...others, 'approver'] : others,
  };
}
