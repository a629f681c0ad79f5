import type { PersonId } from '#core/ids.ts';
import { instantOf, wallTimeOf } from '#core/zoned-time.ts';

/** Somebody takes a part of somebody else's turn. Ms since 1970; `until` is not part of it. */
export type Override = { readonly from: number; readonly until: number; readonly person: PersonId };

/**
 * People who take turns. The first of the list takes over on `firstDay` (counted from 1970-01-01) at `minute` of the
 * clock on the wall in `zone`, the next one `everyDays` days later at the same time of that clock, and so on.
 */
export type Rota = {
  readonly people: readonly PersonId[];
  readonly firstDay: number;
  readonly minute: number;
  readonly everyDays: number;
  readonly zone: string;
  readonly overrides: readonly Override[];
};

/** Whose turn it is, and until when at the longest. */
export type Turn = { readonly person: PersonId; readonly until: number };

/**
 * Who is on duty at an instant; undefined before the first turn, and where nobody is listed. Pure. Of overrides that
 * overlap, the last one of the list counts.
 */
export function onCallNow(rota: Rota, at: number): Turn | undefined {
  const override = rota.overrides.findLast(({ from, until }) => from <= at && at < until);
  if (override !== undefined) return { person: override.person, until: override.until };
  const turn = turnAt(rota, at);
  const person = turn < 0 ? undefined : rota.people[turn % rota.people.length];
  if (person === undefined) return undefined;
  const next = rota.overrides.filter(({ from }) => from > at).map(({ from }) => from);
  return { person, until: Math.min(handover(rota, turn + 1), ...next) };
}

/** Number of the turn that runs at an instant; negative before the first. */
function turnAt(rota: Rota, at: number): number {
  const { day } = wallTimeOf(at, rota.zone);
  const guess = Math.floor((day - rota.firstDay) / rota.everyDays);
  return handover(rota, guess) > at ? guess - 1 : guess;
}

/** When a turn begins: at the same time of the clock on the wall, whatever the clock did in between. */
function handover({ firstDay, everyDays, minute, zone }: Rota, turn: number): number {
  return instantOf({ day: firstDay + turn * everyDays, minute }, zone);
}
