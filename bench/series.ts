import { measureSystem } from '#diagnosis/series/scan.ts';
import { scoreSystem } from '#diagnosis/series/score-system.ts';
import type { SystemView } from '#diagnosis/series/system.ts';
import type { BenchResult } from './result.ts';

const SERIES = 300;
const POINTS = 1440;
const TARGET_MS = 25;
const MINUTE = 60_000;
const AT = 1400 * MINUTE;
const SHIFTED = 7;

/** Cost of scoring every series of a system around a page: a day of minutes, one service of thirty really changed. */
export function run({ quick }: { quick: boolean }): Promise<BenchResult> {
  const view = madeView();
  const runs = quick ? 5 : 60;
  const measureMs: number[] = [];
  const scoreMs: number[] = [];
  let ranked: string[] = [];
  for (let i = 0; i < runs; i += 1) {
    measureMs.push(timed(() => measureSystem(view)));
    scoreMs.push(
      timed(() => {
        ranked = scoreSystem(view).ranked.map(({ service }) => service);
      }),
    );
  }
  const [measure, score] = [middle(measureMs), middle(scoreMs)];
  const verdict = score <= TARGET_MS ? 'met' : 'NOT met';
  return Promise.resolve({
    lines: [
      `${SERIES} series x ${POINTS} points measured: ${measure.toFixed(1)} ms (median of ${runs})`,
      `the same, services ranked: ${score.toFixed(1)} ms  (target <= ${TARGET_MS} ms: ${verdict})`,
    ],
    figures: {
      series: SERIES,
      points: POINTS,
      measureUs: Math.round(1000 * measure),
      scoreUs: Math.round(1000 * score),
    },
    wrong: ranked[0] === `s${SHIFTED}` ? [] : [`${ranked[0] ?? 'nothing'} ranked first`],
  });
}

function madeView(): SystemView {
  const t = Float64Array.from({ length: POINTS }, (_, i) => i * MINUTE);
  const series = Array.from({ length: SERIES }, (_, n) => {
    const service = n % 30;
    let seed = n + 1;
    const values = t.map((time) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      const noise = seed / 2 ** 32 - 0.5;
      const isShifted = service === SHIFTED && n < 60 && time >= AT;
      return 100 + 10 * noise + (isShifted ? 60 : 0);
    });
    return { service: `s${service}`, metric: `m${Math.floor(n / 30)}`, values };
  });
  const none = { buckets: [], rows: [] };
  return { t, series, at: AT, page: null, calls: [], spans: none, logs: none, changes: [] };
}

function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

const middle = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >>> 1] ?? 0;
