import { inPage } from './in-page.ts';
import type { Bin } from './metrics.ts';

/** One group of bars, each 0 to 1. */
export type Bars = { readonly name: string; readonly values: readonly number[] };

const WIDE = 340;
const HIGH = 220;
const LEFT = 34;
const BOTTOM = 28;
const TOP = 24;
const INNER = HIGH - TOP - BOTTOM;
const COLOURS = ['var(--one)', 'var(--two)'] as const;
const yOf = (value: number): number => TOP + INNER * (1 - Math.min(1, Math.max(0, value)));

/** Shares as bars side by side, as inline SVG. */
export function barPlot(title: string, groups: readonly Bars[]): string {
  const room = (WIDE - LEFT) / Math.max(1, groups.length);
  const bars = groups.flatMap(({ name, values }, at) => {
    const each = (room * 0.7) / Math.max(1, values.length);
    const left = LEFT + at * room + room * 0.15;
    const drawn = values.map((value, i) => {
      const y = yOf(value);
      const x = left + i * each;
      return `<rect x="${px(x)}" y="${px(y)}" width="${px(each - 2)}" height="${px(TOP + INNER - y)}" fill="${COLOURS[i] ?? COLOURS[0]}"><title>${inPage(name)}: ${value.toFixed(2)}</title></rect>`;
    });
    return [
      ...drawn,
      `<text x="${px(left + room * 0.35)}" y="${HIGH - 10}" text-anchor="middle">${inPage(name)}</text>`,
    ];
  });
  return framed(title, bars);
}

/** What was said against what was true; on the line they are equal. The size of a point is the number of answers. */
export function reliabilityPlot(title: string, bins: readonly Bin[]): string {
  const xOf = (value: number): number => LEFT + (WIDE - LEFT - 10) * value;
  const points = bins.flatMap(({ answers, said, was }) =>
    said === null || was === null
      ? []
      : [
          `<circle cx="${px(xOf(said))}" cy="${px(yOf(was))}" r="${px(3 + Math.sqrt(answers) / 2)}" fill="var(--one)" fill-opacity=".8"><title>said ${said.toFixed(2)}, true ${was.toFixed(2)}, ${answers} answers</title></circle>`,
        ],
  );
  const even = `<line x1="${px(xOf(0))}" y1="${px(yOf(0))}" x2="${px(xOf(1))}" y2="${px(yOf(1))}" stroke="var(--line)" stroke-dasharray="4 3"/>`;
  const ticks = [0, 0.5, 1].map(
    (value) => `<text x="${px(xOf(value))}" y="${HIGH - 10}" text-anchor="middle">${value * 100} %</text>`,
  );
  return framed(title, [even, ...points, ...ticks]);
}

function framed(title: string, marks: readonly string[]): string {
  const lines = [0, 0.5, 1].map((value) => {
    const y = px(yOf(value));
    return `<line x1="${LEFT}" y1="${y}" x2="${WIDE}" y2="${y}" stroke="var(--line)"/><text x="${LEFT - 4}" y="${y}" text-anchor="end" dominant-baseline="middle">${value * 100}</text>`;
  });
  return `<svg width="${WIDE}" height="${HIGH}" viewBox="0 0 ${WIDE} ${HIGH}" role="img" aria-label="${inPage(title)}"><text x="0" y="12">${inPage(title)}</text>${lines.join('')}${marks.join('')}</svg>`;
}

const px = (value: number): string => String(Math.round(value * 10) / 10);
