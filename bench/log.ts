import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { appendRates, type Rate } from './log/append-rates.ts';
import { makeLongLog } from './long-log.ts';
import type { BenchResult } from './result.ts';

const TARGET = { ofRaw: 0.5, eight: 4000, many: 20_000, verify: 70_000, rssMb: 200 };
const Verified = z.object({
  entries: z.int(),
  problems: z.int(),
  ms: z.int(),
  cpuMs: z.int(),
  rssMb: z.int(),
});
type Verified = z.infer<typeof Verified> & { name: string; made: number };

/** What a signed durable append costs beside the raw disk, and what verifying a long log costs. */
export async function run({ quick }: { quick: boolean }): Promise<BenchResult> {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-bench-'));
  try {
    const rates = await appendRates(dir, quick ? { turns: 4, turnMs: 200 } : { turns: 20, turnMs: 400 });
    const written = verified('the log just written', join(dir, 'data'), rates.appended);
    const long = await verifyLong(dir, quick ? 50_000 : 1_000_000);
    const { raw, logged } = rates;
    const checks = [written, ...long];
    return {
      lines: [...rateLines(raw, logged), ...checks.map(verifyLine)],
      figures: figuresOf(raw, logged, checks),
      wrong: wrongOf(rates, checks),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The same incidents over and over: entry by entry, as a quiet server writes them, and many to a checkpoint. */
async function verifyLong(dir: string, entries: number): Promise<Verified[]> {
  const checks: Verified[] = [];
  for (const [name, perGroup, count] of [
    ['32 entries to a checkpoint', 32, entries],
    ['1 entry to a checkpoint', 1, entries / 10],
  ] as const) {
    const data = join(dir, `long-${perGroup}`);
    const made = await makeLongLog(data, count, perGroup);
    checks.push(verified(name, data, made.entries));
    rmSync(data, { recursive: true });
  }
  return checks;
}

function verified(name: string, dir: string, made: number): Verified {
  const script = join(import.meta.dirname, 'log/verify-log.ts');
  const { stdout, stderr } = spawnSync(process.execPath, [script, dir], { encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return { ...Verified.parse(JSON.parse(stdout)), name, made };
}

function rateLines(raw: Rate, logged: readonly Rate[]): string[] {
  const targets = [TARGET.ofRaw * perSecond(raw), TARGET.eight, TARGET.many];
  const line = (name: string, rate: Rate, target: string) =>
    `${name.padEnd(40)}${whole(perSecond(rate))}/s  ${times(rate).padEnd(30)}${target}`.trimEnd();
  return [
    line('raw fdatasync, one writer', raw, ''),
    ...logged.map((rate, index) => {
      const ratio = (perSecond(rate) / perSecond(raw)).toFixed(2);
      const target = targets[index] ?? 0;
      const verdict = `${ratio} of raw (target >= ${target.toFixed(0)}/s: ${perSecond(rate) >= target ? 'met' : 'NOT met'})`;
      return line(`signed durable appends, writers: ${rate.name}`, rate, verdict);
    }),
  ];
}

function verifyLine(check: Verified): string {
  const { name, made, ms, cpuMs, rssMb } = check;
  const rate = entriesPerSecond(check);
  const verdict = rate >= TARGET.verify && rssMb <= TARGET.rssMb ? 'met' : 'NOT met';
  const target = `(target >= ${TARGET.verify}/s in <= ${TARGET.rssMb} MB: ${verdict})`;
  return `verify ${made} entries, ${name}: ${ms} ms, ${rate.toFixed(0)}/s (CPU ${cpuMs} ms), ${rssMb} MB  ${target}`;
}

function figuresOf(raw: Rate, logged: readonly Rate[], checks: readonly Verified[]) {
  const figure = (rate: Rate) => ({
    perSecond: Math.round(perSecond(rate)),
    percentOfRaw: Math.round((100 * perSecond(rate)) / perSecond(raw)),
    p50Us: Math.round(1000 * quantile(rate, 0.5)),
    p99Us: Math.round(1000 * quantile(rate, 0.99)),
  });
  return {
    raw: figure(raw),
    writers: Object.fromEntries(logged.map((rate) => [rate.name, figure(rate)])),
    verify: checks.map(({ name, made, ms, cpuMs, rssMb }) => ({ name, entries: made, ms, cpuMs, rssMb })),
  };
}

function wrongOf(
  { appended, acknowledged }: { appended: number; acknowledged: number },
  checks: readonly Verified[],
): string[] {
  return [
    ...(appended === acknowledged
      ? []
      : [`${acknowledged} appends were acknowledged, the log has ${appended}`]),
    ...checks.flatMap(({ name, entries, made, problems }) => [
      ...(entries >= made ? [] : [`${name}: ${entries} entries verified, not ${made}`]),
      ...(problems === 0 ? [] : [`${name}: ${problems} entries were not allowed`]),
    ]),
  ];
}

const entriesPerSecond = ({ entries, ms }: Verified): number => (1000 * entries) / ms;
const perSecond = ({ count, ms }: Rate): number => (1000 * count) / ms;
const whole = (value: number): string => value.toFixed(0).padStart(7);
const times = (rate: Rate): string =>
  `p50 ${quantile(rate, 0.5).toFixed(2)} ms, p99 ${quantile(rate, 0.99).toFixed(2)} ms`;

function quantile({ tookMs }: Rate, q: number): number {
  const sorted = tookMs.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}
