import type { SignalName } from '#incidents/vocabulary.ts';

const NUMBER = String.raw`-?[\d.]+(?:e[+-]?\d+)?`;
const HEAD = new RegExp(
  String.raw`^(\S+) (\w+): (not measured now|${NUMBER}.*?) \((?:no past to compare|normally (.+?), (.+?) to (.+?))\), (high|low|normal|unseen)(?: since (\S+))?$`,
  'm',
);
const EXACT = new RegExp(
  `^exact: now (${NUMBER}|null), (?:normal (${NUMBER}), )?band (?:(${NUMBER}) to (${NUMBER})|null)(?:, since (\\d+|null))?$`,
  'm',
);
const SLOPE = new RegExp(`^changes by (${NUMBER}.*?) per minute$`, 'm');
const POINTS = new RegExp(String.raw`^last \d+ points, (${NUMBER}) s apart: (.*)$`, 'm');

/** A signal as its text tells it: figures with units are turned back into the signal's own numbers. */
export function readSignal(text: string) {
  const head = HEAD.exec(text);
  if (head === null) return null;
  const [, service = '', signal = '', now = '', median, low, high, state = '', since] = head;
  const exact = EXACT.exec(text);
  const scale = scaleOf(signal);
  const shown = (figure: string | undefined): number | null =>
    figure === undefined ? null : number(figure, scale);
  const [, exactNow, exactMedian, exactLow, exactHigh, exactSince] = exact ?? [];
  const as = (precise: string | undefined, rounded: string | undefined): number | null =>
    precise === undefined ? shown(rounded) : number(precise, 1);
  const band = { median: as(exactMedian, median), low: as(exactLow, low), high: as(exactHigh, high) };
  const { slope, stepMs, v } = trendOf(text, scale);
  return {
    service,
    signal,
    now: now === 'not measured now' ? null : as(exactNow, now),
    normal: band.median === null || band.low === null || band.high === null ? null : band,
    state,
    since: sinceOf(exactSince, since),
    slope: slope ?? 0,
    points: { from: 0, stepMs, v },
  };
}

function sinceOf(exact: string | undefined, shown: string | undefined): number | null {
  if (exact !== undefined && exact !== 'null') return Number(exact);
  return shown === undefined ? null : Date.parse(shown);
}

function scaleOf(signal: string): number {
  const inPercent: readonly string[] = ['error_ratio', 'saturation', 'memory_use'] satisfies SignalName[];
  return inPercent.includes(signal) ? 100 : 1;
}

function number(figure: string, scale: number): number | null {
  const parsed = Number.parseFloat(figure);
  return Number.isFinite(parsed) ? parsed / scale : null;
}

function trendOf(
  text: string,
  scale: number,
): { slope: number | null; stepMs: number; v: (number | null)[] } {
  const slope = SLOPE.exec(text)?.[1];
  const points = POINTS.exec(text);
  const figures = (points?.[2] ?? '')
    .split(' ')
    .filter((word) => word !== '%' && word !== 'ms' && word !== '');
  return {
    slope: slope === undefined ? null : number(slope, scale),
    stepMs: Math.round(Number(points?.[1] ?? 0) * 1000),
    v: figures.map((figure) => (figure === '-' ? null : number(figure, scale))),
  };
}
