/** One line of the Prometheus text format, without its time stamp. */
export type Exposed = {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
};

/** More series than this in one answer are not read. */
export const MAX_SERIES = 20_000;

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,?)/y;
const VALUE = /\s+(\S+)(?:\s+-?\d+)?\s*$/y;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\n', '\n'],
  ['\\"', '"'],
  ['\\\\', '\\'],
]);

/**
 * Reads the Prometheus text format, keeping the metrics whose name is in `wanted`. Lines that cannot be read are counted
 * in `broken` and skipped; never throws. Time grows linearly with the text.
 */
export function parseExposition(
  text: string,
  wanted: ReadonlySet<string>,
): { series: Exposed[]; broken: number } {
  const series: Exposed[] = [];
  let broken = 0;
  for (let start = 0; start < text.length && series.length < MAX_SERIES; ) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(start, end);
    start = end + 1;
    const parsed = parseLine(line.trimStart(), wanted);
    if (parsed === 'broken') broken += 1;
    else if (parsed !== 'skipped') series.push(parsed);
  }
  return { series, broken };
}

function parseLine(line: string, wanted: ReadonlySet<string>): Exposed | 'skipped' | 'broken' {
  if (line === '' || line.startsWith('#') || line === '\r') return 'skipped';
  const name = matchAt(NAME, line, 0)?.[0];
  if (name === undefined) return 'broken';
  if (!wanted.has(name)) return 'skipped';
  const labels = new Map<string, string>();
  let at = name.length;
  if (line[at] === '{') {
    at = readLabels(line, at + 1, labels);
    if (at === -1) return 'broken';
  }
  const written = matchAt(VALUE, line, at)?.[1];
  const value = written === undefined ? undefined : numberOf(written);
  return value === undefined ? 'broken' : { name, labels, value };
}

/** Position behind the closing brace, or -1. */
function readLabels(line: string, start: number, labels: Map<string, string>): number {
  let at = start;
  for (let more = true; more; ) {
    const label = matchAt(LABEL, line, at);
    if (label === null) break;
    at += label[0].length;
    more = label[3] === ',';
    labels.set(
      label[1] ?? '',
      (label[2] ?? '').replace(/\\./g, (pair) => ESCAPES.get(pair) ?? pair),
    );
  }
  while (line[at] === ' ') at += 1;
  return line[at] === '}' ? at + 1 : -1;
}

function matchAt(pattern: RegExp, line: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(line);
}

/** A number as Prometheus writes it, or undefined. */
export function numberOf(text: string): number | undefined {
  if (/^[+-]?inf$/i.test(text))
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^nan$/i.test(text)) return Number.NaN;
  return /^[+-]?(\d{1,400}\.?\d{0,400}|\.\d{1,400})(e[+-]?\d{1,4})?$/i.test(text) ? Number(text) : undefined;
}
