import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Common, Context, Outcome } from '../context.ts';

export type BoardFlags = Common & { readonly html?: string; readonly accept?: boolean };

const HTML = 'results/evals.html';
const WORSE = 1;

/**
 * Our own cases with every model that needs no key: a table, a page with plots, and whether anything got worse than the
 * baseline by more than chance (exit 1). `accept` makes this run the baseline instead. Needs no server, config or token.
 */
export async function evalsBoard(options: BoardFlags, context: Context): Promise<Outcome> {
  const { runBoard } = await import('#evals/scoreboard/board.ts');
  const { boardTable } = await import('#evals/scoreboard/board-table.ts');
  const { boardHtml } = await import('#evals/scoreboard/board-html.ts');
  const { baselineFile, breaches, readBaseline, writeBaseline } = await import(
    '#evals/scoreboard/baseline.ts'
  );
  const board = await runBoard({ clock: context.clock, say: context.err });
  if (options.accept === true) await writeBaseline(baselineFile, board);
  const baseline = await readBaseline(baselineFile);
  const worse =
    baseline === null ? ['there is no baseline; --accept makes this run one'] : breaches(board, baseline);
  const html = resolve(context.cwd, options.html ?? HTML);
  await mkdir(dirname(html), { recursive: true });
  await writeFile(
    html,
    boardHtml(board, { at: new Date(context.clock.now()).toISOString(), breached: worse }),
  );
  const [rules] = board.rows;
  const json = {
    ...{ suite: 'own', model: 'all', cases: rules?.cases ?? 0, passed: rules?.passed ?? 0 },
    metrics: Object.fromEntries(board.rows.map(({ model, metrics }) => [model, metrics])),
    ...{ leftOut: board.leftOut, worse, html },
  };
  const verdict = worse.length === 0 ? ['baseline  holds'] : worse.map((line) => `WORSE  ${line}`);
  return {
    lines: [...boardTable(board), ...verdict, `page      ${html}`, JSON.stringify(json)],
    json,
    ...(worse.length > 0 && { exit: WORSE }),
  };
}
