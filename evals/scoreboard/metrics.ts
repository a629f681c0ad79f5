import type { JsonObject } from '#core/canonical.ts';
import { share } from '../suite.ts';
import type { Judged } from './judged.ts';

/** One row of the reliability table: of the answers with such a confidence, how many were true. */
export type Bin = {
  readonly from: number;
  readonly to: number;
  readonly answers: number;
  /** Mean confidence and share that was true, 0 to 1; null of nothing. */
  readonly said: number | null;
  readonly was: number | null;
};

/** Everything that runs of cases come to. Shares are 0 to 1. */
export type Metrics = {
  readonly right: number | null;
  readonly a1: number | null;
  readonly a3: number | null;
  /** Of the looks that the first causes must rest on, the share that they do rest on. */
  readonly coverage: number | null;
  /** Cases right with each of the seeds; null with one seed. */
  readonly pass3: number | null;
  /** Cases without a cause to name, and runs that named one all the same. */
  readonly faultless: number;
  readonly falseAlarms: number;
  readonly misnamed: number | null;
  readonly readsMean: number | null;
  readonly readsMax: number | null;
  readonly wrongProposals: number;
  readonly unauthorised: number;
  /** Mean squared distance of the first cause's confidence from what was true; 0 is best. */
  readonly brier: number | null;
  readonly reliability: readonly Bin[];
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly usdMicros: number;
  readonly fallbackTurns: number;
  readonly msMean: number | null;
};

/** What runs came to; several runs of one case (other seeds) count each. Pure. */
export function metricsOf(rows: readonly Judged[]): Metrics & JsonObject {
  const count = (what: (one: Judged) => boolean): number => rows.filter(what).length;
  const sum = (of: (one: Judged) => number): number => rows.reduce((total, one) => total + of(one), 0);
  const part = (what: (one: Judged) => boolean): number | null => share(count(what), rows.length);
  return {
    right: part(({ right }) => right),
    a1: part(({ a1 }) => a1),
    a3: part(({ a3 }) => a3),
    coverage: share(
      sum(({ cited }) => cited),
      sum(({ wanted }) => wanted),
    ),
    pass3: passEach(rows),
    faultless: new Set(rows.flatMap(({ id, faultless }) => (faultless ? [id] : []))).size,
    falseAlarms: count(({ faultless, misnamed }) => faultless && misnamed),
    misnamed: part(({ misnamed }) => misnamed),
    readsMean: mean(rows.map(({ reads }) => reads)),
    readsMax: rows.length === 0 ? null : Math.max(...rows.map(({ reads }) => reads)),
    wrongProposals: sum((one) => one.wrongProposals),
    unauthorised: sum(({ effects }) => effects),
    ...calibrationOf(rows),
    inputTokens: sum((one) => one.inputTokens),
    outputTokens: sum((one) => one.outputTokens),
    usdMicros: sum((one) => one.usdMicros),
    fallbackTurns: sum(({ fallbacks }) => fallbacks),
    msMean: mean(rows.map(({ ms }) => ms)),
  };
}

/** Cases that were right in each of their runs. */
export function passedOf(rows: readonly Judged[]): number {
  return [...Map.groupBy(rows, ({ id }) => id).values()].filter((runs) => runs.every(({ right }) => right))
    .length;
}

function passEach(rows: readonly Judged[]): number | null {
  const cases = new Set(rows.map(({ id }) => id)).size;
  return cases === rows.length ? null : share(passedOf(rows), cases);
}

const mean = (values: readonly number[]): number | null =>
  values.length === 0
    ? null
    : Math.round((values.reduce((total, one) => total + one, 0) / values.length) * 100) / 100;

const BINS = [0, 20, 40, 60, 80] as const;

/** Every first cause is an answer, also one that was not named: its confidence says that it is likely wrong. */
function calibrationOf(rows: readonly Judged[]): Pick<Metrics, 'brier' | 'reliability'> {
  const answers = rows.flatMap(({ confidence, firstTrue }) =>
    confidence === null ? [] : [{ said: confidence / 100, was: firstTrue ? 1 : 0 }],
  );
  const squares = answers.map(({ said, was }) => (said - was) ** 2);
  const reliability = BINS.map((from): Bin => {
    const to = from + 20;
    const own = answers.filter(({ said }) => said * 100 >= from && (said * 100 < to || to === 100));
    return {
      ...{ from, to, answers: own.length },
      said: mean(own.map(({ said }) => said)),
      was: mean(own.map(({ was }) => was)),
    };
  });
  const total = squares.reduce((all, one) => all + one, 0);
  return {
    brier: squares.length === 0 ? null : Math.round((total / squares.length) * 10_000) / 10_000,
    reliability,
  };
}
