import type { Clock } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { caseClock } from '../case-clock.ts';
import { runCase } from '../engine.ts';
import type { Made, MakeModel } from '../models/model-maker.ts';
import type { Judged } from '../scoreboard/judged.ts';
import { metricsOf, passedOf } from '../scoreboard/metrics.ts';
import { seededRandom } from '../seeded-random.ts';
import type { Suite } from '../suite.ts';
import { ownCases } from './case.ts';
import { judge } from './judge.ts';
import { type AnyCase, isServices, type Setup, setupOf } from './setup.ts';

/** When the page of every case comes: a run is the same on any day. */
const PAGED_AT = Date.UTC(2026, 0, 5, 3, 12);
const STEP_MS = 1000;

export type OwnRun = {
  /** Measures how long it took. */
  readonly clock: Clock;
  readonly maxReads: number | null;
  /** What measurements scatter by, and randomness is drawn from. */
  readonly seed: number;
  readonly without?: ReadonlySet<string>;
  /** Left out = the rules play every agent. */
  readonly model?: MakeModel;
};

/** Runs one of our own cases over the product, in no time of its own. Never throws for what a case holds. */
export async function runOwnCase(one: AnyCase, how: OwnRun): Promise<Judged> {
  const { clock, seed, without = new Set(), model } = how;
  const setup = setupOf(one, { at: PAGED_AT, seed, without });
  const failsAfter = isServices(one) && one.provider !== 'answers' ? one.provider.failsAfter : null;
  const made = await model?.({ id: one.id, seed, inventory: setup.inventory, failsAfter });
  try {
    if (made?.rehearsal !== undefined)
      await play(one, {
        ...how,
        setup: setupOf(one, { at: PAGED_AT, seed, without }),
        made: { model: made.rehearsal },
      });
    const began = clock.mono();
    const run = await play(one, { ...how, setup, made });
    return judge(one, { run, setup, seed, ms: clock.mono() - began });
  } finally {
    await made?.close?.();
  }
}

type Play = OwnRun & { readonly setup: Setup; readonly made: Made | undefined };

function play(one: AnyCase, { setup, made, clock, maxReads, seed }: Play): ReturnType<typeof runCase> {
  return runCase({
    ...{ inventory: setup.inventory, world: setup.world, alerts: [setup.alert], maxReads },
    clock: made?.paced === true ? pacedBy(clock) : caseClock(PAGED_AT),
    random: seededRandom(`${one.id} ${seed}`),
    stepMs: STEP_MS,
    ...(made !== undefined && { model: made.model }),
  });
}

/** The time of a case, but a wait is one: whoever asks a real provider to be patient must be so too. */
function pacedBy(real: Clock): Clock {
  const time = caseClock(PAGED_AT);
  return {
    ...time,
    sleep: async (ms, signal) => {
      await real.sleep(Math.min(ms, 20_000), signal);
      await time.sleep(ms, signal);
    },
  };
}

/** The cases that were written for this product; they need no data. */
export const own: Suite = async ({ model, clock, maxReads, leaveOut, makeModel }) => {
  const cases = await ownCases();
  const causes = new Set(cases.map(({ expect }) => expect.cause as string | null));
  if (leaveOut !== null && leaveOut !== 'all' && !causes.has(leaveOut))
    throw new FirebreakError('usage', `no case has the cause ${leaveOut}`);
  const rows: Judged[] = [];
  for (const one of cases) {
    const { cause } = one.expect;
    if (leaveOut !== null && (cause === null || (leaveOut !== 'all' && leaveOut !== cause))) continue;
    const without = new Set(leaveOut === null || cause === null ? [] : [cause]);
    const how = { clock, maxReads, seed: 1, without };
    rows.push(await runOwnCase(one, { ...how, ...(makeModel !== undefined && { model: makeModel }) }));
  }
  const isLeftOut = leaveOut !== null;
  return {
    ...{ suite: 'own', model, cases: rows.length },
    passed: isLeftOut ? rows.filter(({ misnamed }) => !misnamed).length : passedOf(rows),
    metrics: { ...metricsOf(rows), ...(isLeftOut && { leftOut: leaveOut }) },
    table: rows.map(({ id, right, misnamed, said }) => {
      const isGood = isLeftOut ? !misnamed : right;
      return `${isGood ? 'right' : 'WRONG'}  ${id.padEnd(30)} ${said}`;
    }),
  };
};
