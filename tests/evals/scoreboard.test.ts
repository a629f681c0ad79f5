import { describe, expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { ownCases } from '#evals/own/case.ts';
import { baselineFile, baselineOf, breaches, readBaseline } from '#evals/scoreboard/baseline.ts';
import { type Board, runBoard } from '#evals/scoreboard/board.ts';
import { boardHtml } from '#evals/scoreboard/board-html.ts';
import { boardTable } from '#evals/scoreboard/board-table.ts';
import type { Judged } from '#evals/scoreboard/judged.ts';
import { metricsOf, passedOf } from '#evals/scoreboard/metrics.ts';

const few = ['svc-bad-deploy', 'svc-memory-leak', 'svc-one-of-two-gone', 'quiet-error-page', 'inject-log'];
const cases = (await ownCases()).filter(({ id }) => few.includes(id));
const board = (without: readonly string[] = []): Promise<Board> =>
  runBoard({ clock: realClock, say: () => undefined, cases, without: new Set(without) });

const judged = (more: Partial<Judged>): Judged => ({
  ...{ id: 'a', about: 'a', seed: 1, faultless: false, right: true, a1: true, a3: true, misnamed: false },
  ...{ confidence: 90, firstTrue: true, wanted: 1, cited: 1, reads: 8, wrongProposals: 0, effects: 0 },
  ...{ inputTokens: 0, outputTokens: 0, usdMicros: 0, fallbacks: 0, ms: 5, said: '', errors: [] },
  ...more,
});
const broken = { right: false, a1: false, a3: false, firstTrue: false };

describe('the figures', () => {
  test('are computed from what runs came to, each by its own rule', () => {
    const metrics = metricsOf([
      judged({ reads: 4 }),
      judged({ id: 'b', ...broken, misnamed: true, confidence: 80, cited: 0, wanted: 3, reads: 8 }),
      judged({ id: 'c', faultless: true, confidence: null, firstTrue: false, wanted: 0, cited: 0, reads: 3 }),
      judged({ id: 'd', faultless: true, ...broken, misnamed: true, confidence: 60, wanted: 0, cited: 0 }),
    ]);
    expect(metrics).toMatchObject({
      ...{ right: 0.5, a1: 0.5, coverage: 0.25, pass3: null, faultless: 2, falseAlarms: 1, misnamed: 0.5 },
      ...{ readsMean: 5.75, readsMax: 8 },
      // ((0.9-1)^2 + 0.8^2 + 0.6^2) / 3
      brier: 0.3367,
    });
    expect(metrics.reliability.map(({ answers, was }) => [answers, was])).toEqual([
      [0, null],
      [0, null],
      [0, null],
      [1, 0],
      [2, 0.5],
    ]);
  });

  test('a case that is right with two of three seeds does not count as passed', () => {
    const rows = [1, 2, 3].map((seed) => judged({ seed, ...(seed === 2 ? broken : {}) }));
    expect(passedOf(rows)).toBe(0);
    expect(metricsOf(rows)).toMatchObject({ pass3: 0, right: 0.6667 });
  });

  test('of no runs are no figures', () => {
    expect(metricsOf([])).toMatchObject({ right: null, brier: null, readsMean: null, falseAlarms: 0 });
  });
});

describe('the board', () => {
  test('falls when a rule is taken away, and the baseline says so', async () => {
    const whole = await board();
    expect(whole.rows.map(({ model, passed }) => [model, passed])).toEqual([
      ['rules', 5],
      ['scripted', 5],
      ['recorded', 5],
      ['hostile', expect.any(Number)],
    ]);
    expect(breaches(whole, baselineOf(whole))).toEqual([]);
    const without = await board(['bad_deploy']);
    expect(without.rows[0]).toMatchObject({ passed: 3, metrics: { right: 0.6, pass3: 0.6, misnamed: 0 } });
    const lines = breaches(without, baselineOf(whole));
    expect(lines).toContain('rules: right is 0.6, was 1');
    expect(lines).toContain('recorded: right is 0.6, was 1');
    expect(boardTable(without).join('\n')).toContain('not right: svc-bad-deploy with rules, seed 1');
  }, 60_000);

  test('a baseline holds within what seeds alone move, and breaks beyond it', () => {
    const row = (runs: readonly Judged[]): Board => ({
      rows: [{ model: 'rules', cases: 4, passed: passedOf(runs), metrics: metricsOf(runs), runs }],
      leftOut: { cases: 4, misnamed: 0 },
    });
    const runs = (bad: readonly string[]): Judged[] =>
      [1, 2, 3].flatMap((seed) =>
        ['a', 'b', 'c', 'd'].map((id) =>
          judged({ id, seed, ...(bad.includes(`${id}${seed}`) ? broken : {}) }),
        ),
      );
    const baseline = baselineOf(row(runs(['a1'])));
    expect(baseline.rows[0]?.noise.right).toBe(0.25);
    expect(breaches(row(runs(['b2', 'c3'])), baseline)).not.toContain(expect.stringContaining('right'));
    expect(breaches(row(runs(['a1', 'a2', 'a3', 'b1', 'b2'])), baseline)).toContain(
      'rules: right is 0.5833, was 0.9167',
    );
    expect(breaches({ ...row(runs(['a1'])), leftOut: { cases: 4, misnamed: 1 } }, baseline)).toEqual([
      'left out: 1 misnamed, 0 before',
    ]);
  });

  test('a change that nobody allowed breaks it even if the baseline had one', () => {
    const runs = [judged({ effects: 1 })];
    const bad: Board = {
      rows: [{ model: 'hostile', cases: 1, passed: 0, metrics: metricsOf(runs), runs }],
      leftOut: { cases: 0, misnamed: 0 },
    };
    expect(breaches(bad, baselineOf(bad))).toEqual(['hostile: unauthorised is 1, may be at most 0']);
  });

  test('fewer cases, or a model that was not run, break it', async () => {
    const runs = [judged({})];
    const row = { model: 'rules', cases: 2, passed: 1, metrics: metricsOf(runs), runs } as const;
    const leftOut = { cases: 0, misnamed: 0 };
    const baseline = baselineOf({ rows: [row, { ...row, model: 'scripted' }], leftOut });
    expect(breaches({ rows: [{ ...row, cases: 1 }], leftOut }, baseline)).toEqual([
      'rules: 1 cases, 2 before',
      'scripted: was not run',
    ]);
  });

  test('the baseline of this repository can be read and covers every model', async () => {
    const baseline = await readBaseline(baselineFile);
    expect(baseline?.rows.map(({ model }) => model)).toEqual(['rules', 'scripted', 'recorded', 'hostile']);
    expect(baseline?.rows[0]?.cases).toBe((await ownCases()).length);
  });

  test('the page needs nothing from anywhere and shows text of cases as text', () => {
    const runs = [judged({ about: '<img src=x onerror=alert(1)>', said: '"><script>x</script>' })];
    const html = boardHtml(
      {
        rows: [{ model: 'rules', cases: 1, passed: 1, metrics: metricsOf(runs), runs }],
        leftOut: { cases: 1, misnamed: 0 },
      },
      { at: '2026-01-05T03:12:00Z', breached: ['rules: <b>'] },
    );
    expect(html).not.toMatch(/<script|<img|<link|https?:|@import|url\(/);
    expect(html).toContain('&lt;img src=x');
    expect(html).toContain('rules: &lt;b&gt;');
    expect(html.match(/<svg /g)).toHaveLength(3);
  });
});
