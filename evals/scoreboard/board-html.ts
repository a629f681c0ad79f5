import type { Board, BoardRow } from './board.ts';
import { figure } from './board-table.ts';
import { inPage } from './in-page.ts';
import { barPlot, reliabilityPlot } from './plots.ts';

const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#667;--line:#d4d8dd;--ground:#fff;--one:#2f6fb0;--two:#9bb8d6;--bad:#b3372f}
@media(prefers-color-scheme:dark){:root{--ink:#e6e8ea;--soft:#9aa3ad;--line:#3a4149;--ground:#15181c;--one:#6fa8dc;--two:#3d5a78;--bad:#e5857e}}
body{margin:2rem auto;max-width:70rem;padding:0 1rem;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground)}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}
th,td{text-align:right;padding:.25rem .6rem;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}
th:first-child,td:first-child,.left{text-align:left}.plots{display:flex;flex-wrap:wrap;gap:2rem}
.wrong{color:var(--bad)}.soft{color:var(--soft)}svg text{fill:var(--ink);font:11px system-ui,sans-serif}
.scroll{overflow-x:auto}`;

/**
 * The board as one page that needs nothing else: no script, no network. `at` says when it was made. Everything that comes
 * from cases is escaped.
 */
export function boardHtml(
  { rows, leftOut }: Board,
  { at, breached }: { at: string; breached: readonly string[] },
): string {
  const [rules] = rows;
  const judged = rows.filter(({ model }) => model !== 'hostile');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Firebreak evals</title><style>${STYLE}</style></head><body>
<h1>Firebreak evals: our own cases</h1>
<p class="soft">${inPage(at)}. Nobody judges: every figure is compared with what the case expects, from the log of the run.</p>
${breached.length === 0 ? '<p>The baseline holds.</p>' : `<ul class="wrong">${breached.map((line) => `<li>${inPage(line)}</li>`).join('')}</ul>`}
<div class="scroll">${summary(rows)}</div>
<p>With the rules for its own cause off, another cause was named in ${leftOut.misnamed} of ${leftOut.cases} cases.</p>
<div class="plots">
${barPlot(
  'Right at once and among the first three',
  judged.map(({ model, metrics }) => ({ name: model, values: [metrics.a1 ?? 0, metrics.a3 ?? 0] })),
)}
${rules === undefined ? '' : reliabilityPlot('Confidence of the rules, and how often it was true', rules.metrics.reliability)}
${rules === undefined ? '' : barPlot('Cases by reads', readsOf(rules))}
</div>
<h2>Reliability</h2>${rules === undefined ? '' : reliability(rules)}
<h2>Cases</h2><div class="scroll">${casesOf(rows)}</div>
</body></html>
`;
}

const HEADS =
  'model,cases,right,top 1,top 3,3 seeds,coverage,false alarms,misnamed,reads,Brier,wrong proposals,unauthorised,tokens,cost,ms';

function summary(rows: readonly BoardRow[]): string {
  const cells = rows.map(({ model, cases, metrics: m }) => [
    ...[
      model,
      String(cases),
      figure(m.right),
      figure(m.a1),
      figure(m.a3),
      figure(m.pass3),
      figure(m.coverage),
    ],
    ...[
      `${m.falseAlarms} of ${m.faultless}`,
      figure(m.misnamed),
      (m.readsMean ?? 0).toFixed(1),
      figure(m.brier),
    ],
    ...[String(m.wrongProposals), String(m.unauthorised), String(m.inputTokens + m.outputTokens)],
    ...[`$${(m.usdMicros / 1_000_000).toFixed(2)}`, String(Math.round(m.msMean ?? 0))],
  ]);
  return tableOf(HEADS.split(','), cells);
}

function reliability({ metrics }: BoardRow): string {
  const cells = metrics.reliability.map(({ from, to, answers, said, was }) => [
    ...[`${from} to ${to} %`, String(answers), figure(said), figure(was)],
  ]);
  return tableOf(['confidence', 'answers', 'mean said', 'was true'], cells);
}

/** How many runs took 0 to 4 reads, 5 to 9, and so on. */
function readsOf({ runs }: BoardRow) {
  const most = Math.max(0, ...runs.map(({ reads }) => reads));
  return Array.from({ length: Math.floor(most / 5) + 1 }, (_, i) => {
    const own = runs.filter(({ reads }) => Math.floor(reads / 5) === i).length;
    return { name: `${i * 5}-${i * 5 + 4}`, values: [runs.length === 0 ? 0 : own / runs.length] };
  });
}

function casesOf(rows: readonly BoardRow[]): string {
  const runs = rows
    .filter(({ model }) => model !== 'hostile')
    .map(({ model, runs: all }) => ({ model, byId: Map.groupBy(all, ({ id }) => id) }));
  const cells = [...(runs[0]?.byId.values() ?? [])].flatMap(([first]) => {
    if (first === undefined) return [];
    const marks = runs.map(({ byId }) =>
      (byId.get(first.id) ?? []).map(({ right }) => (right ? 'right' : 'WRONG')).join(' '),
    );
    return [[first.id, ...marks, first.about, first.said]];
  });
  return tableOf(['case', ...runs.map(({ model }) => model), 'what it is', 'what the rules said'], cells);
}

function tableOf(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string =>
    `<td class="${text.includes('WRONG') ? 'wrong' : ''}${text.includes(' ') ? ' left' : ''}">${inPage(text)}</td>`;
  return `<table><thead><tr>${heads.map((head) => `<th>${inPage(head)}</th>`).join('')}</tr></thead><tbody>${rows
    .map((row) => `<tr>${row.map(cell).join('')}</tr>`)
    .join('')}</tbody></table>`;
}
