import { clip } from '#core/inert.ts';
import { signalValue } from '../numbers.ts';
import { clockTime, date, hourMinute, offset } from '../time.ts';
import { heading, type Keyed, keyed, plain, type SignalPicture } from './picture.ts';

/** A chart as data: what to draw and how large. The same picture always gives the same. */
export type Chart = {
  readonly width: number;
  readonly height: number;
  readonly option: Readonly<Record<string, unknown>>;
};

/** As wide as a phone: what can be read there can be read anywhere. */
const WIDTH = 390;
const LEFT = 54;
const RIGHT = 14;
const PLOT = 130;
const HEAD = 46;
/** Height of a row of letters above the plot, and of a line of the key below it. */
const ROW = 17;
const FONT = 'DejaVu Sans, sans-serif';
/** Colours of Okabe and Ito: told apart by everybody, and never the only difference. */
const INK = '#1a1a1a';
const SOFT = '#5c5c5c';
const LINE = '#0072b2';
const BAND = '#cfe8f7';
const tones: Readonly<Record<Keyed['kind'], string>> = {
  deploy: '#7a3b69',
  onset: '#b84300',
  page: '#b84300',
  change: '#0072b2',
  good: '#00704f',
  bad: '#b84300',
};

type Placed = Keyed & { readonly x: number; readonly row: number };
type Frame = {
  readonly from: number;
  readonly to: number;
  readonly top: number;
  readonly placed: readonly Placed[];
};

/**
 * The chart of a picture: the signal as a line over its normal band, a dashed line with a letter for each mark, and a
 * key of the letters below. Texts are drawn as they are: nothing in them is a template or markup.
 */
export function chartOption(picture: SignalPicture): Chart {
  const frame = frameOf(picture);
  const below = frame.top + PLOT + 26;
  const end = below + ROW * frame.placed.length;
  const option = {
    animation: false,
    useUTC: true,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: FONT },
    grid: { left: LEFT, right: RIGHT, top: frame.top, height: PLOT },
    xAxis: timeAxis(picture, frame),
    yAxis: valueAxis(picture),
    series: [bandOf(picture), lineOf(picture)],
    graphic: [
      ...head(picture),
      ...frame.placed.flatMap((mark) => markShapes(mark, frame)),
      ...frame.placed.flatMap((mark, index) => keyShapes(mark, below + ROW * (index + 0.5))),
      foot(picture, end + 8),
    ],
  };
  return { width: WIDTH, height: end + 20, option };
}

function frameOf(picture: SignalPicture): Frame {
  const times = picture.points.map(([at]) => at);
  const marks = keyed(picture);
  const from = times[0] ?? marks[0]?.at ?? 0;
  const to = Math.max(times.at(-1) ?? 0, marks.at(-1)?.at ?? 0, from + 1000);
  const inside = marks.filter(({ at }) => at >= from);
  const placed = stack(
    inside.map((mark) => ({ ...mark, x: LEFT + ((mark.at - from) / (to - from)) * (WIDTH - LEFT - RIGHT) })),
  );
  const rows = Math.max(0, ...placed.map(({ row }) => row + 1));
  return { from, to, top: HEAD + ROW * rows + 4, placed };
}

/** Letters that would touch go one row higher. */
function stack(marks: readonly (Keyed & { x: number })[]): Placed[] {
  const ends: number[] = [];
  return marks.map((mark) => {
    const free = ends.findIndex((end) => mark.x - end >= ROW);
    const row = free === -1 ? ends.length : free;
    ends[row] = mark.x;
    return { ...mark, row };
  });
}

function head(picture: SignalPicture) {
  const words = clip(`${picture.incident}  ${plain(picture.title)}`, 60);
  return [
    text(heading(picture), { x: 12, y: 18, bold: true }),
    text(words, { x: 12, y: 35, size: 10, fill: SOFT }),
  ];
}

/** On which day, and in which zone times are. */
function foot({ zone, points }: SignalPicture, y: number) {
  const last = points.at(-1)?.[0] ?? 0;
  const words = `${date(last, zone)}, times in ${plain(zone)} (UTC${offset(last, zone)})`;
  return text(words, { x: 12, y, size: 10, fill: SOFT });
}

function markShapes({ x, row, letter, kind }: Placed, { top }: Frame) {
  const y = top - 12 - row * ROW;
  const dashed = { stroke: tones[kind], lineWidth: 1, lineDash: [3, 3] };
  return [
    { type: 'line', z: 5, silent: true, shape: { x1: x, y1: y, x2: x, y2: top + PLOT }, style: dashed },
    badge({ x, y, letter, kind }),
    text(letter, { x, y, size: 10, bold: true, fill: '#ffffff', align: 'center' }),
  ];
}

function keyShapes({ letter, kind, line }: Placed, y: number) {
  return [
    badge({ x: 20, y, letter, kind }),
    text(letter, { x: 20, y, size: 10, bold: true, fill: '#ffffff', align: 'center' }),
    text(line, { x: 34, y, size: 10.5 }),
  ];
}

function badge({ x, y, kind }: Pick<Placed, 'x' | 'letter' | 'kind'> & { y: number }) {
  return { type: 'circle', z: 6, silent: true, shape: { cx: x, cy: y, r: 7 }, style: { fill: tones[kind] } };
}

type Look = { x: number; y: number; size?: number; bold?: boolean; fill?: string; align?: 'left' | 'center' };

function text(words: string, { x, y, size = 12.5, bold = false, fill = INK, align = 'left' }: Look) {
  const font = { fontSize: size, fontFamily: FONT, fontWeight: bold ? 'bold' : 'normal' };
  const style = { text: words, x, y, fill, ...font, align, verticalAlign: 'middle' };
  return { type: 'text', z: 7, silent: true, style };
}

function timeAxis({ zone }: SignalPicture, { from, to }: Frame) {
  const isShort = to - from < 10 * 60_000;
  return {
    type: 'time',
    min: from,
    max: to,
    // Times with seconds are wide.
    splitNumber: isShort ? 2 : 4,
    axisLine: { lineStyle: { color: SOFT } },
    splitLine: { show: false },
    axisLabel: {
      color: SOFT,
      fontSize: 10,
      hideOverlap: true,
      formatter: (at: number) => (isShort ? clockTime(at, zone) : hourMinute(at, zone)),
    },
  };
}

function valueAxis({ signal, points, normal }: SignalPicture) {
  const highest = Math.max(normal.high, ...points.map(([, value]) => value ?? 0));
  return {
    type: 'value',
    min: 0,
    max: highest > 0 ? niceAbove(highest * 1.05) : 1,
    splitNumber: 4,
    splitLine: { lineStyle: { color: '#e6e6e6' } },
    axisLabel: { color: SOFT, fontSize: 10, formatter: (value: number) => signalValue(signal, value) },
  };
}

/** The next round number: 1, 2, 4, 5, 8 or 10 times a power of ten. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 4, 5, 8, 10].find((factor) => factor * power >= value) ?? 10;
  return Number((step * power).toPrecision(3));
}

/** An empty series that carries the area of the band, with its name above it. */
function bandOf({ normal }: SignalPicture) {
  const label = { show: true, position: [3, -13], color: SOFT, fontSize: 10, formatter: () => 'normal' };
  const area = [{ yAxis: normal.low }, { yAxis: normal.high }];
  return {
    type: 'line',
    data: [],
    silent: true,
    markArea: { silent: true, z: 1, itemStyle: { color: BAND }, label, data: [area] },
  };
}

function lineOf({ points }: SignalPicture) {
  return {
    type: 'line',
    z: 4,
    showSymbol: false,
    connectNulls: false,
    silent: true,
    lineStyle: { color: LINE, width: 2 },
    data: points.map(([at, value]) => [at, value]),
  };
}
