import type { EntryDraft, Log } from '#audit/log.ts';
import type { Clock, Random } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import { type SpendFold, type SpendScope, scopeKey } from '#incidents/spend-fold.ts';
import type { Ledger, Reservation, Reserved, Settlement } from '#llm/ledger.ts';
import type { Turn } from '#llm/model.ts';

/** Limits in millionths of a dollar: of each incident, of a UTC day, and of a role in each incident. */
export type Budget = {
  readonly incident: number;
  readonly day: number;
  readonly roles: ReadonlyMap<string, number>;
};

export type LedgerDeps = {
  readonly log: Log;
  /** Must see every entry before an append resolves. */
  readonly fold: SpendFold;
  readonly clock: Clock;
  readonly random: Random;
  readonly budget: Budget;
};

type Limit = { readonly scope: SpendScope; readonly usdMicros: number };
type Open = { readonly reservation: Reservation; readonly day: string; readonly limits: readonly Limit[] };
type Notices = {
  limits: readonly Limit[];
  percent: 80 | 100;
  more: number;
  turn: Turn;
  day: string;
};
const NOTICE_PERCENT = 80;

/**
 * The books, in the log. A reservation is held against every budget that it falls under, together with those that are on
 * their way into the log, so that no number of calls at once can pass a limit that one call could not. Amounts are settled
 * on the day on which they were reserved.
 */
export function createLedger(deps: LedgerDeps): Ledger {
  const held = new Map<string, number>();
  /** What is reserved and not settled: the worst cases, which mostly come back. What the log holds from before stays. */
  const unsettled = new Map<string, number>();
  const noticing = new Set<string>();
  const open = new Map<string, Open>();

  async function reserve(reservation: Reservation): Promise<Reserved> {
    const { turn, usdMicros } = reservation;
    const day = new Date(deps.clock.now()).toISOString().slice(0, 10);
    const limits = limitsOf(deps.budget, reservation, day);
    const full = limits.find(({ scope, usdMicros: limit }) => {
      const used = deps.fold.spent(scope) + (held.get(scopeKey(scope)) ?? 0);
      return used + usdMicros > limit;
    });
    if (full !== undefined) {
      // Room that only worst cases take is there again in a moment: that is no end of the budget.
      const isSpent = settled(full.scope) + usdMicros > full.usdMicros;
      await notice([], { limits: isSpent ? [full] : [], percent: 100, more: 0, turn, day });
      return { kind: 'refused', reason: `${full.scope.kind}_spent` };
    }
    const id = `spend-${deps.random.uuid()}`;
    hold(held, limits, usdMicros);
    try {
      await deps.log.append([reservedDraft({ id, reservation, day, budget: deps.budget })]);
      hold(unsettled, limits, usdMicros);
    } finally {
      hold(held, limits, -usdMicros);
    }
    open.set(id, { reservation, day, limits });
    return { kind: 'reserved', id };
  }

  async function settle(id: string, settlement: Settlement): Promise<void> {
    const known = open.get(id);
    if (known === undefined) throw new FirebreakError('bug', `${id} is not reserved, or was settled before`);
    open.delete(id);
    const { reservation, day, limits } = known;
    const near = limits.filter(
      ({ scope, usdMicros }) =>
        usdMicros > 0 && (settled(scope) + settlement.usdMicros) * 100 >= usdMicros * NOTICE_PERCENT,
    );
    const { turn } = reservation;
    const notices = { limits: near, percent: NOTICE_PERCENT, more: settlement.usdMicros, turn, day } as const;
    await notice([attemptedDraft(id, known, settlement)], notices);
    hold(unsettled, limits, -reservation.usdMicros);
  }

  /**
   * Appends, with a notice for each of these budgets: once for each percent, however many find out at the same time.
   * `more` is what these drafts settle.
   */
  async function notice(
    drafts: readonly EntryDraft[],
    { limits, percent, more, turn, day }: Notices,
  ): Promise<void> {
    const keyOf = ({ scope }: Limit): string => `${percent} ${scopeKey(scope)}`;
    const fresh = limits.filter(
      (limit) => deps.fold.noticed(limit.scope) < percent && !noticing.has(keyOf(limit)),
    );
    const notices = fresh.map(({ scope, usdMicros: limitUsdMicros }) => {
      const role = scope.kind === 'role' ? scope.role : null;
      const usdMicros = settled(scope) + more;
      const body = { scope: scope.kind, role, day, percent, usdMicros, limitUsdMicros };
      return fact('spend.noticed', body, contextOf(turn));
    });
    const all = [...drafts, ...notices];
    if (all.length === 0) return;
    for (const limit of fresh) noticing.add(keyOf(limit));
    try {
      await deps.log.append(all);
    } finally {
      for (const limit of fresh) noticing.delete(keyOf(limit));
    }
  }

  function settled(scope: SpendScope): number {
    return deps.fold.spent(scope) - (unsettled.get(scopeKey(scope)) ?? 0);
  }

  return { reserve, settle };
}

function hold(amounts: Map<string, number>, limits: readonly Limit[], usdMicros: number): void {
  for (const { scope } of limits) {
    const key = scopeKey(scope);
    const amount = (amounts.get(key) ?? 0) + usdMicros;
    if (amount === 0) amounts.delete(key);
    else amounts.set(key, amount);
  }
}

function limitsOf(budget: Budget, { turn: { incident }, role }: Reservation, day: string): readonly Limit[] {
  const ofRole = budget.roles.get(role);
  return [
    { scope: { kind: 'incident', incident }, usdMicros: budget.incident },
    ...(ofRole === undefined
      ? []
      : [{ scope: { kind: 'role', incident, role }, usdMicros: ofRole } as const]),
    { scope: { kind: 'day', day }, usdMicros: budget.day },
  ];
}

type NewReservation = { id: string; reservation: Reservation; day: string; budget: Budget };

function reservedDraft({ id, reservation, day, budget }: NewReservation): EntryDraft {
  const { turn, role, provider, model, usdMicros } = reservation;
  const limits = { incident: budget.incident, role: budget.roles.get(role) ?? null, day: budget.day };
  return fact('spend.reserved', { id, role, provider, model, usdMicros, day, limits }, contextOf(turn));
}

function attemptedDraft(
  id: string,
  { reservation, day }: Open,
  { outcome, tokens, usdMicros, price, latencyMs, attempt }: Settlement,
): EntryDraft {
  const { turn, role, provider, model, usdMicros: reservedUsdMicros } = reservation;
  const money = { usdMicros, reservedUsdMicros, day, price };
  const made = { outcome, attempt, tokens: tokens === null ? null : { ...tokens }, latencyMs };
  return fact(
    'model.attempted',
    { reservation: id, role, provider, model, ...made, ...money },
    contextOf(turn),
  );
}

function contextOf({ incident, session, run }: Turn) {
  return { actor: SYSTEM, traceId: run, incident, session };
}
