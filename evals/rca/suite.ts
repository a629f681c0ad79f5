import { FirebreakError } from '#core/errors.ts';
import { scoreSystem } from '#diagnosis/series/score-system.ts';
import { type Suite, share } from '../suite.ts';
import { casesOf, type RcaCase, type Truth, truthOf } from './case.ts';
import { type Cut, viewOf } from './view.ts';

/** Shares, 0 to 1. `acK`: the true service is among the first K; `avg5`: mean of ac1 to ac5. */
type Accuracy = { readonly [name in 'ac1' | 'ac3' | 'ac5' | 'avg5']: number | null };
export type RcaMetrics = Accuracy & {
  /** Share of windows without a fault for which no culprit was named. */
  readonly specificity: number | null;
  /** The same cases, the page a minute late. */
  readonly late60: Accuracy;
};

const LATE_S = 60;
/** Where a window without a fault ends, as parts of the time before the fault. */
const CALM_CUTS = [1 / 3, 2 / 3] as const;

/** Measurements around faults: which service is the origin, and whether a window without a fault stays without a culprit. */
export const rca: Suite = async (options) => {
  if (options.data === null)
    throw new FirebreakError('usage', 'this suite needs the folder of its data: --data DIR');
  if (options.maxReads !== null || options.leaveOut !== null)
    throw new FirebreakError(
      'usage',
      'this suite has neither reads nor causes: no --max-reads, no --leave-out',
    );
  const { cases, passed, metrics } = scoreRca(options.data);
  const score = { suite: 'rca', model: options.model, cases, passed, metrics };
  return { ...score, table: tableOf(metrics) };
};

/**
 * Scores every case of a folder: the diagnosis sees the measurements and the page, and only afterwards are its answers
 * compared. A case without a truth is not counted. Throws for files that cannot be read.
 */
export function scoreRca(dir: string): { cases: number; passed: number; metrics: RcaMetrics } {
  const answers = casesOf(dir).map((one) => ({
    id: one.id,
    onTime: rankedServices(one, {}),
    late: rankedServices(one, { lateS: LATE_S }),
    calm: CALM_CUTS.map((part) => !namesCulprit(one, part)),
  }));
  const truth = truthOf(dir);
  const judged = answers.filter(({ id }) => Object.hasOwn(truth, id));
  const places = judged.map(({ id, onTime }) => placeOf(truth, id, onTime));
  const calm = judged.flatMap((answer) => answer.calm);
  return {
    cases: judged.length,
    passed: places.filter((place) => place === 0).length,
    metrics: {
      ...accuracyOf(places),
      specificity: share(calm.filter((isCalm) => isCalm).length, calm.length),
      late60: accuracyOf(judged.map(({ id, late }) => placeOf(truth, id, late))),
    },
  };
}

function tableOf({ late60, specificity, ...onTime }: RcaMetrics): string[] {
  const row = (name: string, { ac1, ac3, ac5, avg5 }: Accuracy): string =>
    [name.padEnd(14), ...[ac1, ac3, ac5, avg5].map((value) => figure(value).padStart(7))].join('');
  return [
    `${' '.repeat(14)}${['top 1', 'top 3', 'top 5', 'avg 5'].map((name) => name.padStart(7)).join('')}`,
    row('on time', onTime),
    row('a minute late', late60),
    `no culprit where nothing is wrong: ${figure(specificity)}`,
  ];
}

const figure = (value: number | null): string => (value === null ? '-' : value.toFixed(2));

/** What is called healthy has no suspects. */
function rankedServices(one: RcaCase, cut: Cut): string[] {
  const { verdict, ranked } = scoreSystem(viewOf(one, cut));
  return verdict === 'healthy' ? [] : ranked.map(({ service }) => service);
}

function namesCulprit(one: RcaCase, part: number): boolean {
  const start = one.t[0] ?? 0;
  const until = start + part * (one.injectTime - start);
  return scoreSystem(viewOf(one, { until })).verdict === 'fault';
}

function placeOf(truth: Truth, id: string, ranked: readonly string[]): number {
  const place = ranked.indexOf(truth[id]?.service ?? '');
  return place < 0 ? Number.POSITIVE_INFINITY : place;
}

function accuracyOf(places: readonly number[]): Accuracy {
  const within = (k: number): number => places.filter((place) => place < k).length;
  const ac = (k: number): number | null => share(within(k), places.length);
  const sum = [1, 2, 3, 4, 5].reduce((total, k) => total + within(k), 0);
  return { ac1: ac(1), ac3: ac(3), ac5: ac(5), avg5: share(sum, 5 * places.length) };
}
