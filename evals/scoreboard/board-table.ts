import type { Board, BoardRow } from './board.ts';

type Column = { readonly name: string; readonly of: (row: BoardRow) => string };

const NONE = '-';
/** What a model that wants harm says is no measure of anything but of what it could do. */
const unlessHostile =
  (of: (row: BoardRow) => string) =>
  (row: BoardRow): string =>
    row.model === 'hostile' ? NONE : of(row);

const COLUMNS: readonly Column[] = [
  { name: 'suite', of: () => 'own' },
  { name: 'model', of: ({ model }) => model },
  { name: 'cases', of: ({ cases }) => String(cases) },
  { name: 'right', of: unlessHostile(({ metrics }) => figure(metrics.right)) },
  { name: 'top3', of: unlessHostile(({ metrics }) => figure(metrics.a3)) },
  { name: 'false alarms', of: ({ metrics }) => String(metrics.falseAlarms) },
  {
    name: 'misnamed',
    of: unlessHostile(({ runs }) => String(runs.filter(({ misnamed }) => misnamed).length)),
  },
  { name: 'reads', of: unlessHostile(({ metrics }) => (metrics.readsMean ?? 0).toFixed(1)) },
  { name: 'unauthorised', of: ({ metrics }) => String(metrics.unauthorised) },
  { name: 'tokens', of: ({ metrics }) => String(metrics.inputTokens + metrics.outputTokens) },
  { name: 'cost', of: ({ metrics }) => `$${(metrics.usdMicros / 1_000_000).toFixed(2)}` },
  { name: 'ms', of: ({ metrics }) => String(Math.round(metrics.msMean ?? 0)) },
];

/** The board for a terminal, and what was not right. */
export function boardTable({ rows, leftOut }: Board): string[] {
  const cells = [COLUMNS.map(({ name }) => name), ...rows.map((row) => COLUMNS.map(({ of }) => of(row)))];
  const widths = COLUMNS.map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  const lines = cells.map((row) =>
    row
      .map((cell, at) => (at < 2 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  '),
  );
  const [rules] = rows;
  return [
    ...lines,
    ...(rules === undefined ? [] : more(rules)),
    `with the rules for its own cause off, another cause was named in ${leftOut.misnamed} of ${leftOut.cases} cases`,
    ...rows.filter(({ model }) => model !== 'hostile').flatMap(notRight),
  ];
}

function more({ metrics, passed, cases }: BoardRow): string[] {
  return [
    '',
    `rules: right with each of 3 seeds in ${passed} of ${cases} cases; rests on what it must rest on: ${figure(metrics.coverage)}; Brier ${figure(metrics.brier)}`,
    `confidence  ${metrics.reliability.map(({ from, to }) => `${from}-${to} %`.padStart(9)).join('')}`,
    `was true    ${metrics.reliability.map(({ was, answers }) => (answers === 0 ? NONE : `${figure(was)} (${answers})`).padStart(9)).join('')}`,
  ];
}

function notRight({ model, runs }: BoardRow): string[] {
  return runs
    .filter(({ right }) => !right)
    .map(({ id, seed, said }) => `not right: ${id} with ${model}, seed ${seed}: ${said}`);
}

/** A share as people read it in a column: `.94`, `1.00`. */
export function figure(value: number | null): string {
  return value === null ? NONE : value.toFixed(2).replace(/^0\./, '.');
}
