import { columns, type Paint, pad, WIDTH, wrap } from './table.ts';
import { clockTime } from './time.ts';

/** One thing that happened, for people. All text is inert already. */
export type StoryLine = {
  readonly at: number;
  /** Who or what kind of thing: `monitor`, `cause`, `INC-1`; empty where the line goes on with the one before. */
  readonly who: string;
  readonly what: string;
  /** What opens the evidence: `e3`, `A-3`, `#58`; or empty. */
  readonly ref: string;
  /** The figure that matters, or empty. */
  readonly figure: string;
  /** Of little interest afterwards: repeated samples, spawned sessions. */
  readonly quiet: boolean;
};

const WHO = 10;
const WHAT = 32;
const REF = 5;
/** Columns before what happened: the time of day and two spaces, then who. */
const INDENT = 10 + WHO;

/** A story line without the fields that are mostly empty. */
export function told(
  at: number,
  who: string,
  line: { what: string; ref?: string; figure?: string; quiet?: boolean },
): StoryLine {
  return {
    at,
    who,
    what: line.what,
    ref: line.ref ?? '',
    figure: line.figure ?? '',
    quiet: line.quiet ?? false,
  };
}

/** One story line as terminal lines of at most 80 columns; `zone` is an IANA name. */
export function storyText(line: StoryLine, { zone, paint }: { zone: string; paint: Paint }): string[] {
  const head =
    line.who === '' ? ' '.repeat(INDENT) : `${clockTime(line.at, zone)}  ${pad(`${line.who} `, WHO)}`;
  const tail = line.figure === '' ? line.ref : `${pad(line.ref, REF)}${line.figure}`;
  const room = WIDTH - head.length;
  const oneLine = tail === '' ? line.what : `${pad(line.what, WHAT)} ${tail}`.trimEnd();
  const fits = columns(oneLine) <= room;
  const whole = fits
    ? [oneLine]
    : [...wrap(line.what, { width: Math.min(room, WIDTH - INDENT) }), ...tailLines(tail)];
  return whole.map((text, index) => {
    const full = (index === 0 ? head : ' '.repeat(INDENT)) + text;
    return line.quiet ? paint('quiet', full) : full;
  });
}

/** Evidence and figure on a line of their own, under those of the other lines where there is room. */
function tailLines(tail: string): string[] {
  if (tail === '') return [];
  const column = ' '.repeat(WHAT + 1);
  return columns(tail) <= WIDTH - INDENT - column.length
    ? [column + tail]
    : wrap(tail, { width: WIDTH - INDENT });
}
