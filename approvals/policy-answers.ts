import type { PersonId, ServiceId } from '#core/ids.ts';
import { AgentRole } from '#incidents/vocabulary.ts';
import { mayApprove, owns } from './people.ts';
import { type DenyReason, evaluate } from './policy.ts';
import {
  type Cell,
  cellsOf,
  noFlags,
  type PersonStanding,
  standingOf,
  type Terms,
} from './policy-standing.ts';

/** What becomes of a change that an agent asks for, and who may then say yes: any of `approvers`, of a wide change also one of `owners`. */
export type Answer =
  | { readonly kind: 'deny'; readonly reason: DenyReason }
  | { readonly kind: 'record'; readonly mode: 'observe' | 'propose' }
  | { readonly kind: 'ask'; readonly approvers: readonly PersonId[]; readonly owners: readonly PersonId[] };

export type AnswerChange = {
  readonly agent: AgentRole;
  readonly tool: string;
  readonly service: ServiceId;
  readonly environment: string;
  /** Null where there was, or is, no such service there. */
  readonly before: Answer | null;
  readonly after: Answer | null;
  /** More can come of it than before. */
  readonly wider: boolean;
};
export type PersonChange = {
  readonly person: PersonId;
  readonly before: Say | null;
  readonly after: Say | null;
  readonly wider: boolean;
};
export type Say = Omit<PersonStanding, 'person'>;
export type TermsChange = {
  readonly answers: readonly AnswerChange[];
  readonly people: readonly PersonChange[];
};

type Row = Omit<AnswerChange, 'before' | 'after' | 'wider'> & { readonly answer: Answer };

/** Every (agent, tool, target) whose answer differs, and every person whose say does. */
export function compareTerms(before: Terms, after: Terms): TermsChange {
  return { answers: compareAnswers(rowsOf(before), rowsOf(after)), people: comparePeople(before, after) };
}

/** Of a difference, what allows more. */
export function widerOnly({ answers, people }: TermsChange): TermsChange {
  return { answers: answers.filter(({ wider }) => wider), people: people.filter(({ wider }) => wider) };
}

function rowsOf(terms: Terms): ReadonlyMap<string, Row> {
  const rows = [...terms.inventory.services.values()].flatMap(({ id, environment }) =>
    AgentRole.options.flatMap((agent) =>
      cellsOf(terms.inventory, id).map(({ tool, cell }): Row => {
        const place = { agent, tool: cell, service: id, environment };
        return { ...place, answer: answerOf(terms, { ...place, tool, cell }) };
      }),
    ),
  );
  return new Map(rows.map((row) => [`${row.agent} ${row.tool} ${row.service} ${row.environment}`, row]));
}

function answerOf({ policy, inventory, people }: Terms, place: Omit<Row, 'answer'> & Cell): Answer {
  const service = inventory.services.get(place.service);
  const { agent, tool, cell, environment } = place;
  const mode = service?.mode ?? 'observe';
  const question = {
    caller: agent,
    tool,
    cell,
    tier: 'R2',
    service: place.service,
    environment,
    mode,
  } as const;
  const verdict = evaluate(policy, { ...question, purpose: 'change', flags: noFlags });
  if (verdict.kind === 'deny' || verdict.kind === 'record') return verdict;
  const all = [...people.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return {
    kind: 'ask',
    approvers: all.filter(mayApprove).map(({ id }) => id),
    owners: all.filter((person) => owns(person, service?.owner ?? '')).map(({ id }) => id),
  };
}

function compareAnswers(before: ReadonlyMap<string, Row>, after: ReadonlyMap<string, Row>): AnswerChange[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].toSorted().flatMap((key) => {
    const [old, now] = [before.get(key), after.get(key)];
    const row = now ?? old;
    if (row === undefined || JSON.stringify(old?.answer) === JSON.stringify(now?.answer)) return [];
    const { answer: _answer, ...place } = row;
    const [was, is] = [old?.answer ?? null, now?.answer ?? null];
    return [{ ...place, before: was, after: is, wider: isWider(was, is) }];
  });
}

/** A proposal that is only recorded allows nothing. */
function isWider(before: Answer | null, after: Answer | null): boolean {
  if (reach(after) !== reach(before)) return reach(after) > reach(before);
  if (before?.kind !== 'ask' || after?.kind !== 'ask') return false;
  return gains(before.approvers, after.approvers) || gains(before.owners, after.owners);
}

function reach(answer: Answer | null): number {
  if (answer?.kind === 'ask') return 2;
  return answer?.kind === 'record' && answer.mode === 'propose' ? 1 : 0;
}

function gains(before: readonly string[], after: readonly string[]): boolean {
  return after.some((one) => !before.includes(one));
}

function comparePeople(before: Terms, after: Terms): PersonChange[] {
  const [old, now] = [saysOf(before), saysOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])].toSorted().flatMap((person) => {
    const [was, is] = [old.get(person) ?? null, now.get(person) ?? null];
    if (JSON.stringify(was) === JSON.stringify(is)) return [];
    return [{ person, before: was, after: is, wider: saysMore(was, is) }];
  });
}

function saysOf(terms: Terms): ReadonlyMap<PersonId, Say> {
  return new Map(standingOf(terms).people.map(({ person, ...say }) => [person, say]));
}

function saysMore(before: Say | null, after: Say | null): boolean {
  if (after === null) return false;
  return before === null || (after.owns && !before.owns) || gains(before.teams, after.teams);
}
