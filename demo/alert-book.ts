import type { PagedAlert } from './alertmanager.ts';
import { type AlertState, type Condition, nextState } from './pager-rules.ts';

/** The alerts of a pager from one evaluation to the next. */
export type AlertBook = {
  /** Takes all conditions of one evaluation at `now` (ms); a condition that is no longer among them counts as not holding. */
  take(conditions: readonly Condition[], now: number): void;
  firing(): PagedAlert[];
};
type Entry = { condition: Condition; state: AlertState; alert: PagedAlert };

function alertOf({ alertname, labels, summary }: Condition, state: AlertState, now: number): PagedAlert {
  const startsAt = state.kind === 'firing' ? state.startsAt : now;
  return { alertname, labels, summary, startsAt, endsAt: undefined };
}

/** Makes an empty book; `page` is called once when an alert starts firing and once, with `endsAt`, when it stops. */
export function createAlertBook(page: (alert: PagedAlert) => void): AlertBook {
  const entries = new Map<string, Entry>();
  const idOf = ({ alertname, key }: Condition): string => `${alertname} ${key}`;

  function takeOne(condition: Condition, now: number): void {
    const id = idOf(condition);
    const entry = entries.get(id);
    const before: AlertState = entry?.state ?? { kind: 'quiet' };
    const state = nextState(before, condition.holds, now);
    const alert = before.kind === 'firing' && entry ? entry.alert : alertOf(condition, state, now);
    if (before.kind !== 'firing' && state.kind === 'firing') page(alert);
    if (before.kind === 'firing' && state.kind === 'quiet') page({ ...alert, endsAt: now });
    if (state.kind === 'quiet') entries.delete(id);
    else entries.set(id, { condition, state, alert });
  }
  return {
    take: (conditions, now) => {
      const present = new Set(conditions.map(idOf));
      const gone = [...entries].filter(([id]) => !present.has(id));
      for (const condition of conditions) takeOne(condition, now);
      for (const [, { condition }] of gone) takeOne({ ...condition, holds: false }, now);
    },
    firing: () =>
      [...entries.values()].filter(({ state }) => state.kind === 'firing').map(({ alert }) => alert),
  };
}
