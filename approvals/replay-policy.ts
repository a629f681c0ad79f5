import type { Entry } from '#audit/log.ts';
import type { BodyOf } from '#incidents/entry.ts';
import { PolicyFold } from './policy-fold.ts';
import { isSameStanding, type Standing, within } from './policy-standing.ts';

export type PolicyRule = 'policy_widened_without_owner';

type Accepted = { entry: Entry; body: BodyOf<'policy.accepted'> };

/**
 * Follows what counts, acceptance by acceptance. The function it returns takes them in order, and says what was wrong
 * with one: only the first may come from nothing, one without a person only takes away, and any other is by somebody who
 * was an owner before it, unless none was left.
 */
export function replayPolicy(): (fact: Accepted) => PolicyRule | undefined {
  const fold = new PolicyFold();
  return (fact) => {
    const before = fold.accepted;
    fold.apply(fact.entry);
    const after = fold.accepted;
    if (after === null || after === before || mayFollow(before, after, fact)) return undefined;
    return 'policy_widened_without_owner';
  };
}

function mayFollow(before: Standing | null, after: Standing, { entry, body }: Accepted): boolean {
  const { why, by } = body;
  if (before === null || why === 'first') return before === null && why === 'first';
  if (why === 'narrower') return isSameStanding(within(after, before), after);
  const owners = before.people.filter(({ owns }) => owns);
  const isPerson = by !== null && entry.actor.kind === 'person' && entry.actor.id === by;
  return isPerson && (owners.length === 0 || owners.some(({ person }) => person === by));
}
