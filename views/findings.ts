import { type Paint, pad, WIDTH, wrap } from './table.ts';

/** One check and what it came to. */
export type FindingRow = {
  readonly id: string;
  readonly severity: (typeof SEVERITIES)[number];
  readonly status: 'ok' | 'warn' | 'fail' | 'skipped';
  readonly seen: string;
  readonly fix: string | null;
};

const ORDER: readonly FindingRow['status'][] = ['fail', 'warn', 'skipped', 'ok'];
const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;
const INDENT = 24;

/** The checks for a terminal: what fails first, the worst of it first, with how to fix it underneath; then a count. */
export function renderFindings(rows: readonly FindingRow[], paint: Paint): string[] {
  return [...sorted(rows).flatMap((row) => linesOf(row, paint)), countLine(rows)];
}

/** The same without what is right or was not looked at; the count is of all. */
export function renderBad(rows: readonly FindingRow[], paint: Paint): string[] {
  const bad = rows.filter(({ status }) => status === 'fail' || status === 'warn');
  return [...sorted(bad).flatMap((row) => linesOf(row, paint)), countLine(rows)];
}

function sorted(rows: readonly FindingRow[]): readonly FindingRow[] {
  return rows.toSorted(
    (a, b) =>
      ORDER.indexOf(a.status) - ORDER.indexOf(b.status) ||
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity),
  );
}

function linesOf({ id, severity, status, seen, fix }: FindingRow, paint: Paint): string[] {
  const word = status === 'fail' ? 'FAIL' : status;
  const tone = status === 'fail' ? 'bad' : status === 'warn' ? 'strong' : 'quiet';
  const of = status === 'fail' || status === 'warn' ? ` (${severity})` : '';
  const head = `${pad(word, 7)} ${pad(id, 15)} `;
  const lines = wrap(`${head}${seen}${of}`, { indent: head.length });
  const below = fix === null || status === 'skipped' ? [] : labelled(fix);
  return [...lines.map((line) => paint(tone, line)), ...below];
}

function labelled(fix: string): string[] {
  const head = `${' '.repeat(INDENT)}fix: `;
  return wrap(fix, { width: WIDTH - head.length }).map(
    (line, at) => (at === 0 ? head : ' '.repeat(head.length)) + line,
  );
}

function countLine(rows: readonly FindingRow[]): string {
  const of = (status: FindingRow['status']): number => rows.filter((row) => row.status === status).length;
  return `${rows.length} checks: ${of('fail')} failed, ${of('warn')} to look at, ${of('ok')} fine, ${of('skipped')} not looked at`;
}
