import type { Clock } from '#core/clock.ts';
import type { PersonId } from '#core/ids.ts';
import type { OnCallOf, Pager } from '#tools/drivers/pager.ts';
import type { Team } from './config-duty.ts';
import type { Elsewhere } from './duty.ts';
import type { Jobs } from './jobs.ts';

/** How often a rota is asked for, and how long an old answer still counts while it cannot be. */
const EVERY_MS = 60_000;
const KEEP_MS = 6 * 3_600_000;
const TIMEOUT_MS = 10_000;

type Rota = Parameters<Elsewhere>[0];

export type PagerDutyRotaDeps = {
  readonly pager: Pick<Pager, 'onCalls'>;
  readonly teams: readonly Team[];
  /** By id of the user in PagerDuty. */
  readonly users: ReadonlyMap<string, PersonId>;
  readonly clock: Clock;
  readonly jobs: Jobs;
};

/**
 * Keeps in mind who is on duty according to PagerDuty, asked once a minute, so that nobody waits for an answer when a
 * page comes. Those of the lowest level count. An answer that is six hours old is forgotten: the team is asked then.
 */
export function createPagerDutyRota(deps: PagerDutyRotaDeps): { tick(): void; of: Elsewhere } {
  const { pager, users, clock, jobs } = deps;
  const known = new Map<string, { people: readonly PersonId[]; at: number }>();
  const rotas = new Map(
    deps.teams.flatMap(({ rota }) => (rota?.kind === 'pagerduty' ? [[keyOf(rota), rota] as const] : [])),
  );
  let dueAt = clock.mono();
  const refresh = async (rota: Rota): Promise<void> => {
    const stop = new AbortController();
    const cancel = clock.after(TIMEOUT_MS, () => stop.abort());
    const of = onCallOf(rota);
    const seen = of === undefined ? undefined : await pager.onCalls(of, stop.signal).finally(cancel);
    if (seen?.kind !== 'seen') return;
    const lowest = Math.min(...seen.value.map(({ level }) => level));
    const first = seen.value.filter(({ level }) => level === lowest);
    const people = first.flatMap(({ user }) => users.get(user) ?? []);
    known.set(keyOf(rota), { people: [...new Set(people)], at: clock.mono() });
  };
  return {
    tick: () => {
      if (clock.mono() < dueAt) return;
      dueAt = clock.mono() + EVERY_MS;
      for (const rota of rotas.values()) jobs.run(`rota ${keyOf(rota)}`, () => refresh(rota));
    },
    of: (rota) => {
      const last = known.get(keyOf(rota));
      return last === undefined || clock.mono() - last.at > KEEP_MS ? [] : last.people;
    },
  };
}

function keyOf({ schedule, policy }: Rota): string {
  return schedule ?? policy ?? '';
}

function onCallOf({ schedule, policy }: Rota): OnCallOf | undefined {
  if (schedule !== null) return { schedule };
  return policy === null ? undefined : { policy };
}
