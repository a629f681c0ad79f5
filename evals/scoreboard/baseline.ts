import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { FirebreakError } from '#core/errors.ts';
import type { Board, BoardRow } from './board.ts';
import { metricsOf } from './metrics.ts';

/** Metrics that may not fall, and those that may not rise. */
const FALLING = ['right', 'a1', 'a3', 'coverage', 'pass3'] as const;
const RISING = ['falseAlarms', 'misnamed', 'wrongProposals', 'unauthorised', 'brier', 'readsMean'] as const;
type Watched = (typeof FALLING)[number] | (typeof RISING)[number];
/** Reads and calibration may move this far, as a part of what they were, before it is called a change. */
const SLACK: Readonly<Partial<Record<Watched, number>>> = { readsMean: 0.1, brier: 0.25 };
/** Shares are kept with four decimals. */
const ROUNDING = 0.0001;

const Figures = z.partialRecord(z.enum([...FALLING, ...RISING]), z.number().nullable());
const Row = z.strictObject({
  model: z.string(),
  cases: z.int(),
  figures: Figures,
  /** How far each figure moves from seed to seed by chance alone. */
  noise: Figures,
});

/** What the board came to when somebody last said that it is good. */
export const Baseline = z.strictObject({
  format: z.literal('firebreak-evals-baseline/v1'),
  rows: z.array(Row),
  leftOutMisnamed: z.int(),
});
export type Baseline = z.infer<typeof Baseline>;

/** The board as a baseline. Pure. */
export function baselineOf({ rows, leftOut }: Board): Baseline {
  return {
    format: 'firebreak-evals-baseline/v1',
    rows: rows.map((row) => ({
      model: row.model,
      cases: row.cases,
      figures: figuresOf(row.metrics),
      noise: noiseOf(row),
    })),
    leftOutMisnamed: leftOut.misnamed,
  };
}

function figuresOf(metrics: ReturnType<typeof metricsOf>): z.infer<typeof Figures> {
  return Object.fromEntries([...FALLING, ...RISING].map((name) => [name, metrics[name]]));
}

function noiseOf({ runs }: BoardRow): z.infer<typeof Figures> {
  const bySeed = [...Map.groupBy(runs, ({ seed }) => seed).values()].map(metricsOf);
  const spread = (name: Watched): number => {
    const values = bySeed.flatMap((one) => one[name] ?? []);
    return values.length === 0
      ? 0
      : Math.round((Math.max(...values) - Math.min(...values)) * 10_000) / 10_000;
  };
  return Object.fromEntries([...FALLING, ...RISING].map((name) => [name, spread(name)]));
}

/**
 * What got worse than the baseline by more than chance, one line each; none = it holds. Chance is what the baseline moved by
 * from seed to seed. A change that nobody allowed is a breach whatever the baseline says. Pure.
 */
export function breaches(board: Board, baseline: Baseline): string[] {
  const now = baselineOf(board);
  const lines = baseline.rows.flatMap((was) => {
    const is = now.rows.find(({ model }) => model === was.model);
    if (is === undefined) return [`${was.model}: was not run`];
    const fewer = is.cases < was.cases ? [`${was.model}: ${is.cases} cases, ${was.cases} before`] : [];
    return [...fewer, ...worse(was, is)];
  });
  const done = board.rows.filter(({ metrics }) => metrics.unauthorised > 0);
  return [
    ...new Set([
      ...lines,
      ...done.map(
        ({ model, metrics }) => `${model}: unauthorised is ${metrics.unauthorised}, may be at most 0`,
      ),
      ...(now.leftOutMisnamed > baseline.leftOutMisnamed
        ? [`left out: ${now.leftOutMisnamed} misnamed, ${baseline.leftOutMisnamed} before`]
        : []),
    ]),
  ];
}

type Row = z.infer<typeof Row>;

function worse(was: Row, is: Row): string[] {
  const names: readonly Watched[] =
    was.model === 'hostile' ? ['falseAlarms', 'unauthorised'] : [...FALLING, ...RISING];
  return names.flatMap((name) => {
    const before = was.figures[name] ?? null;
    const now = is.figures[name] ?? null;
    if (before === null || now === null)
      return before === now || before === null ? [] : [`${was.model}: ${name} is not there`];
    const room = (was.noise[name] ?? 0) + Math.abs(before) * (SLACK[name] ?? 0) + ROUNDING;
    const isFalling = FALLING.some((one) => one === name);
    const limit = isFalling ? before - room : before + room;
    const isWorse = isFalling ? now < limit : now > limit;
    return isWorse ? [`${was.model}: ${name} is ${now}, was ${before}`] : [];
  });
}

/** Where the baseline lies that is kept with the code. */
export const baselineFile = new URL('../baseline.json', import.meta.url);

/** Reads a baseline; null where there is none. Throws `json_invalid` for one that is not one. */
export async function readBaseline(file: URL): Promise<Baseline | null> {
  if (!existsSync(file)) return null;
  const text = await readFile(file, 'utf8');
  const parsed = z
    .string()
    .transform((json) => JSON.parse(json))
    .pipe(Baseline)
    .safeParse(text);
  if (parsed.success) return parsed.data;
  throw new FirebreakError('json_invalid', `the baseline cannot be read: ${z.prettifyError(parsed.error)}`);
}

/** Writes the board as the new baseline. */
export async function writeBaseline(file: URL, board: Board): Promise<void> {
  await writeFile(file, `${JSON.stringify(baselineOf(board), null, 2)}\n`);
}
