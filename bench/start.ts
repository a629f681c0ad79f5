import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLongLog } from './long-log.ts';
import type { BenchResult } from './result.ts';
import { residentMb, serve } from './server-process.ts';
import { type Found, RUNS, timeToCause } from './time-to-cause.ts';

const ENTRIES = 200_000;
const TARGET = { findingMs: 1000, hypothesesMs: 5000, readyMs: 1000, rssMb: 120 };

type Start = { readyMs: number; verifiedMs: number; rssMb: number; entries: number };
type Starts = { made: number; first: Start; second: Start };

/** How soon a page has an answer, and what a start over a long log costs; whole processes, a real shop. */
export async function run(): Promise<BenchResult> {
  const found = await timeToCause();
  const starts = await measureStarts();
  const medians = {
    evidenceMs: median(found.map((one) => one.evidenceMs)),
    findingMs: median(found.map((one) => one.findingMs)),
    hypothesesMs: median(found.map((one) => one.hypothesesMs)),
  };
  return {
    lines: [...causeLines(medians), ...startLines(starts)],
    figures: {
      runs: found.length,
      ...rounded(medians),
      first: rounded(starts.first),
      second: rounded(starts.second),
    },
    wrong: [...wrongRuns(found), ...wrongStarts(starts)],
  };
}

/** First start: the cache of states is not there, all is replayed. Second: as every start after it. */
async function measureStarts(): Promise<Starts> {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-bench-'));
  const data = join(dir, 'data');
  try {
    const { entries } = await makeLongLog(data, ENTRIES);
    rmSync(join(data, 'cache'), { recursive: true });
    const first = await measureStart(dir, data);
    const second = await measureStart(dir, data);
    return { made: entries, first, second };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function measureStart(dir: string, data: string): Promise<Start> {
  const served = await serve(dir, data);
  try {
    const { verifiedMs, entries } = await served.idle();
    return { readyMs: served.readyMs, verifiedMs, entries, rssMb: residentMb(served.pid) };
  } finally {
    await served.stop();
  }
}

type Medians = { evidenceMs: number; findingMs: number; hypothesesMs: number };

function causeLines({ evidenceMs, findingMs, hypothesesMs }: Medians): string[] {
  return [
    `page -> first evidence, p50 of ${RUNS} pages      ${ms(evidenceMs)}`,
    `page -> first finding (monitor), p50          ${ms(findingMs)}  ${against(findingMs, TARGET.findingMs, 'ms')}`,
    `page -> ranked hypotheses (diagnosis), p50    ${ms(hypothesesMs)}  ${against(hypothesesMs, TARGET.hypothesesMs, 'ms')}`,
  ];
}

function startLines({ made, first, second }: Starts): string[] {
  const line = (name: string, { readyMs, verifiedMs, rssMb }: Start): string[] => [
    `${name}: ready                ${ms(readyMs)}  ${against(readyMs, TARGET.readyMs, 'ms')}`,
    `${name}: whole log verified   ${ms(verifiedMs)}`,
    `${name}: idle memory          ${rssMb.toFixed(0).padStart(6)} MB  ${against(rssMb, TARGET.rssMb, 'MB')}`,
  ];
  return [
    `log of ${made} entries`,
    ...line('start without cached states', first),
    ...line('start with cached states   ', second),
  ];
}

function wrongRuns(found: readonly Found[]): string[] {
  const without = (name: keyof Found): number => found.filter((one) => one[name] === null).length;
  return [
    ...(found.length === RUNS ? [] : [`${found.length} pages were measured, not ${RUNS}`]),
    ...(without('findingMs') === 0 ? [] : [`${without('findingMs')} pages without a finding`]),
    ...(without('hypothesesMs') === 0 ? [] : [`${without('hypothesesMs')} pages without hypotheses`]),
  ];
}

/** Each start adds its own few entries behind those that were there. */
function wrongStarts({ made, first, second }: Starts): string[] {
  return [
    ...(made >= ENTRIES ? [] : [`the log has ${made} entries, not ${ENTRIES}`]),
    ...(first.entries === made + 2 ? [] : [`the first start sees ${first.entries} entries, not ${made + 2}`]),
    ...(second.entries === first.entries + 3
      ? []
      : [`the second start sees ${second.entries} entries, not ${first.entries + 3}`]),
  ];
}

function median(values: readonly (number | null)[]): number {
  const known = values.flatMap((value) => value ?? []).toSorted((a, b) => a - b);
  return known[Math.floor(known.length / 2)] ?? Number.NaN;
}

function ms(value: number): string {
  return `${value.toFixed(0).padStart(6)} ms`;
}

function against(value: number, target: number, unit: string): string {
  return `(target < ${target} ${unit}: ${value < target ? 'met' : 'NOT met'})`;
}

/** Whole numbers only: figures are kept and compared. */
function rounded<T extends Readonly<Record<string, number>>>(figures: T): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Math.round(value)]));
}
