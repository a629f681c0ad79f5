import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { root } from '#tests/tree.ts';
import { type Growth, networkGrowth, ourGrowth, sdkGrowth } from './investigation/growth.ts';
import { startModel } from './investigation/model-process.ts';
import { openProduct, type Product } from './investigation/product.ts';
import { sdkLoop, undiciLoop } from './investigation/raw-loops.ts';
import { WORK } from './investigation/script.ts';
import type { BenchResult } from './result.ts';

const ROUNDS = 5;
const EACH = 20;
const WARM_UP = 20;
const IDEAL_MS = WORK.modelCalls * 200;
const FULL = { many: 400, most: 1000 };
const QUICK = { many: 40, most: 80 };
/** So long may so many at once take before the bench goes on without them. */
const LIVE_MS = 240_000;
const TARGET = { ratio: 0.7, growth: 1.3, wait: 1.3, kbEach: 300 };

/**
 * What one investigation costs: 22 calls of a model over the network, 15 tool calls with 4 KB results, 3 sub-agents, every
 * entry durable, every call of a model on the books. Beside it, in the same minutes, the same calls over OpenAI's SDK as
 * it comes and over a bare connection pool, which keep nothing and check nothing.
 */
export async function run({ quick }: { quick: boolean }): Promise<BenchResult> {
  const model = await startModel();
  try {
    const { cpu, wrong } = await measureCpu(model.url);
    const growth = {
      ours: await ourGrowth(model.url),
      sdk: await sdkGrowth(model.url),
      network: await networkGrowth(model.url),
    };
    const sizes = quick ? QUICK : FULL;
    const lives = await measureLives(model.url, sizes);
    return {
      lines: [...cpuLines(cpu), ...growthLines(growth), ...liveLines(lives, sizes)],
      figures: { cpu, growth, lives },
      wrong: [...wrong, ...wrongLives(lives)],
    };
  } finally {
    await model.close();
  }
}

const kinds = ['product', 'memoryLog', 'inProcessModel', 'bare', 'sdk', 'undici'] as const;
type Kind = (typeof kinds)[number];
type Cpu = Readonly<Record<Kind, number>>;

/** The same work in turns, so that what else the machine does meets all of them; medians. */
async function measureCpu(url: string): Promise<{ cpu: Cpu; wrong: string[] }> {
  const services = WARM_UP + ROUNDS * EACH;
  const products = {
    product: await openProduct(url, { services, log: 'file', model: 'routed' }),
    memoryLog: await openProduct(url, { services, log: 'memory', model: 'routed' }),
    inProcessModel: await openProduct(url, { services, log: 'file', model: 'in-process' }),
    bare: await openProduct(url, { services, log: 'memory', model: 'in-process' }),
  };
  const loops = { sdk: sdkLoop(url), undici: undiciLoop(url) };
  const all: Readonly<Record<Kind, { investigate(service: string): Promise<unknown> }>> = {
    ...products,
    ...loops,
  };
  const spent: Record<Kind, number[]> = {
    product: [],
    memoryLog: [],
    inProcessModel: [],
    bare: [],
    sdk: [],
    undici: [],
  };
  for (const kind of kinds) for (let i = 0; i < WARM_UP; i += 1) await all[kind].investigate(`svc-${i}`);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const kind of kinds) {
      const before = process.cpuUsage();
      for (let i = 0; i < EACH; i += 1) await all[kind].investigate(`svc-${WARM_UP + round * EACH + i}`);
      const { user, system } = process.cpuUsage(before);
      spent[kind].push((user + system) / 1000 / EACH);
    }
  }
  const wrong = Object.entries(products).flatMap(([name, product]) => wrongCounts(name, product, services));
  for (const one of [...Object.values(products), ...Object.values(loops)]) await one.close();
  const of = (kind: Kind): number => median(spent[kind]);
  return {
    cpu: {
      product: of('product'),
      memoryLog: of('memoryLog'),
      inProcessModel: of('inProcessModel'),
      bare: of('bare'),
      sdk: of('sdk'),
      undici: of('undici'),
    },
    wrong,
  };
}

function wrongCounts(name: string, product: Product, made: number): string[] {
  const counts = product.counts();
  return (['modelCalls', 'toolCalls', 'spawns'] as const).flatMap((what) =>
    counts[what] === WORK[what] * made ? [] : [`${name}: ${counts[what]} ${what}, not ${WORK[what] * made}`],
  );
}

const Live = z.object({
  errors: z.number(),
  p50: z.number(),
  p99: z.number(),
  seconds: z.number(),
  cpuMs: z.number(),
  kbEach: z.number(),
});
type Live = z.infer<typeof Live>;
/** Null: they were not through in time. */
type Lives = { many: Live | null; most: Live | null; sdkMost: Live | null };
type Sizes = { readonly many: number; readonly most: number };

async function measureLives(url: string, { many, most }: Sizes): Promise<Lives> {
  const slow = `${url}/slow`;
  return {
    many: await live('product', many, slow),
    most: await live('product', most, slow),
    sdkMost: await live('sdk', most, slow),
  };
}

async function live(kind: 'product' | 'sdk', count: number, url: string): Promise<Live | null> {
  const script = join(root, 'bench/investigation/live.ts');
  const child = spawn(process.execPath, [script, kind, String(count), url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const out: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => out.push(part));
  const late = setTimeout(() => child.kill('SIGKILL'), LIVE_MS);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearTimeout(late);
  if (child.signalCode === 'SIGKILL') return null;
  if (code !== 0) throw new Error(`${count} investigations at once ended with ${code}`);
  return Live.parse(JSON.parse(Buffer.concat(out).toString('utf8')));
}

function wrongLives(lives: Lives): string[] {
  return Object.entries(lives).flatMap(([name, one]) =>
    one === null || one.errors === 0 ? [] : [`${name}: ${one.errors} errors`],
  );
}

function cpuLines(cpu: Cpu): string[] {
  const line = (name: string, value: number): string =>
    `${name.padEnd(52)} ${value.toFixed(1).padStart(6)} ms  ${(value / cpu.sdk).toFixed(2)}`;
  const books = cpu.product - cpu.memoryLog - (cpu.inProcessModel - cpu.bare);
  return [
    `CPU of one investigation (median of ${ROUNDS} x ${EACH})                         beside the SDK's loop`,
    line("OpenAI's SDK as it comes, nothing kept", cpu.sdk),
    line('bare connection pool, nothing kept', cpu.undici),
    line('Firebreak', cpu.product) +
      `  (target <= ${TARGET.ratio}: ${verdict(cpu.product / cpu.sdk, TARGET.ratio)})`,
    'of which',
    line('  tools, checks, sessions, states', cpu.bare),
    line('  log on disk: without the books', cpu.inProcessModel - cpu.bare),
    line('  log on disk: the books of 22 calls', books),
    line('  SDK, transport, routing, entries of the books', cpu.memoryLog - cpu.bare),
  ];
}

type Growths = { ours: Growth; sdk: Growth; network: Growth };

/** What the network takes grows with the bytes whoever sends them; the factor is that of the work besides it. */
function growthLines({ ours, sdk, network }: Growths): string[] {
  const line = (name: string, { at10, at200 }: Growth): string =>
    `${name.padEnd(52)} ${at10.toFixed(2)} ms -> ${at200.toFixed(2)} ms  ${(at200 / at10).toFixed(1)}x`;
  const besides = (ours.at200 - (network.at200 - network.at10)) / ours.at10;
  return [
    'CPU of one call of a model, at turn 10 -> turn 200 (0.8 MB of results)',
    line("OpenAI's SDK as it comes", sdk),
    line('the bytes alone over a bare connection pool', network),
    line('Firebreak', ours),
    `Firebreak, without what the bytes alone take${' '.repeat(27)} ${besides.toFixed(1)}x  (target <= ${TARGET.growth}x: ${verdict(besides, TARGET.growth)})`,
  ];
}

function liveLines({ many, most, sdkMost }: Lives, sizes: Sizes): string[] {
  const line = (name: string, one: Live | null): string =>
    one === null
      ? `${name.padEnd(44)} not through in ${LIVE_MS / 1000} s`
      : `${name.padEnd(44)} p50 ${seconds(one.p50)}  p99 ${seconds(one.p99)}  ${(one.p99 / IDEAL_MS).toFixed(2)}x ideal  CPU ${one.cpuMs.toFixed(1)} ms  ${one.kbEach.toFixed(0)} KB each  ${one.errors} errors`;
  const waits = many === null ? 'NOT met' : verdict(many.p99 / IDEAL_MS, TARGET.wait);
  const room = most === null ? 'NOT met' : verdict(most.kbEach, TARGET.kbEach);
  return [
    `at once, 200 ms a call (ideal ${seconds(IDEAL_MS)})`,
    line(`Firebreak, ${sizes.many} (target p99 <= ${TARGET.wait}x: ${waits})`, many),
    line(`Firebreak, ${sizes.most} (target <= ${TARGET.kbEach} KB: ${room})`, most),
    line(`OpenAI's SDK as it comes, ${sizes.most}`, sdkMost),
  ];
}

function verdict(value: number, target: number): string {
  return value <= target ? 'met' : 'NOT met';
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
