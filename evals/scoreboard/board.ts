import type { Clock } from '#core/clock.ts';
import { type KeylessModel, keylessModel, keylessModels } from '../models/models.ts';
import { ownCases } from '../own/case.ts';
import type { AnyCase } from '../own/setup.ts';
import { runOwnCase } from '../own/suite.ts';
import type { Judged } from './judged.ts';
import { type Metrics, metricsOf, passedOf } from './metrics.ts';

/** How one model did. */
export type BoardRow = {
  readonly model: KeylessModel;
  readonly cases: number;
  readonly passed: number;
  readonly metrics: Metrics;
  /** One for each case and seed. */
  readonly runs: readonly Judged[];
};

export type Board = {
  readonly rows: readonly BoardRow[];
  /** The rules, each case with the rules for its own cause off: how many got another name. */
  readonly leftOut: { readonly cases: number; readonly misnamed: number };
};

export type BoardOptions = {
  readonly clock: Clock;
  readonly say: (line: string) => void;
  /** Left out = all of our own. */
  readonly cases?: readonly AnyCase[];
  /** Causes that no rule may name in any case: shows what the board makes of a product without them. */
  readonly without?: ReadonlySet<string>;
};

/** Chance shows in what the rules make of other seeds; the models that play along with them get one. */
const SEEDS: Readonly<Record<KeylessModel, readonly number[]>> = {
  rules: [1, 2, 3],
  scripted: [1],
  recorded: [1],
  hostile: [1],
};

/** Runs our own cases with every model that needs no key. */
export async function runBoard(options: BoardOptions): Promise<Board> {
  const { clock, say, without = new Set() } = options;
  const cases = options.cases ?? (await ownCases());
  const rows: BoardRow[] = [];
  for (const model of keylessModels) {
    const runs: Judged[] = [];
    for (const seed of SEEDS[model])
      for (const one of cases)
        runs.push(
          await runOwnCase(one, { clock, maxReads: null, seed, without, model: keylessModel(model) }),
        );
    rows.push({ model, cases: cases.length, passed: passedOf(runs), metrics: metricsOf(runs), runs });
    say(`${model}: ${passedOf(runs)} of ${cases.length}`);
  }
  const leftOut: Judged[] = [];
  for (const one of cases) {
    const { cause } = one.expect;
    if (cause === null) continue;
    const off = new Set([...without, cause]);
    leftOut.push(await runOwnCase(one, { clock, maxReads: null, seed: 1, without: off }));
  }
  const misnamed = leftOut.filter((one) => one.misnamed).length;
  return { rows, leftOut: { cases: leftOut.length, misnamed } };
}
