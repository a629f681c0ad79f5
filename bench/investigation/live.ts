import { openProduct } from './product.ts';
import { sdkLoop, undiciLoop } from './raw-loops.ts';
import { WORK } from './script.ts';

// `node bench/investigation/live.ts product|sdk|undici N URL`: N investigations at once in a process of their own, so that
// its memory is theirs. Prints one line of JSON.

const [kind = '', count = '', url = ''] = process.argv.slice(2);
const live = Number(count);

type Running = { investigate(service: string): Promise<unknown>; wrong(): number; close(): Promise<void> };

async function open(): Promise<Running> {
  if (kind === 'product') {
    const product = await openProduct(url, { services: live + 1, log: 'file', model: 'routed' });
    const wrong = () => {
      const { modelCalls, toolCalls, spawns, errors } = product.counts();
      const made = live + 1;
      const right =
        modelCalls === WORK.modelCalls * made &&
        toolCalls === WORK.toolCalls * made &&
        spawns === WORK.spawns * made;
      return errors + (right ? 0 : 1);
    };
    return { investigate: product.investigate, wrong, close: product.close };
  }
  const loop = kind === 'sdk' ? sdkLoop(url) : undiciLoop(url);
  let bad = 0;
  const investigate = async (service: string) => {
    if ((await loop.investigate(service)) !== WORK.modelCalls) bad += 1;
  };
  return { investigate, wrong: () => bad, close: loop.close };
}

const running = await open();
// One first, so that loading and compiling is not counted.
await running.investigate(`svc-${live}`);
const before = process.memoryUsage.rss();
let peak = before;
const sampling = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 20);
const cpu = process.cpuUsage();
const began = performance.now();
let errors = 0;
const times = await Promise.all(
  Array.from({ length: live }, async (_, i) => {
    const start = performance.now();
    await running.investigate(`svc-${i}`).catch(() => {
      errors += 1;
    });
    return performance.now() - start;
  }),
);
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(cpu);
clearInterval(sampling);
const sorted = times.toSorted((a, b) => a - b);
console.log(
  JSON.stringify({
    errors: errors + running.wrong(),
    p50: sorted[Math.floor(live * 0.5)] ?? 0,
    p99: sorted[Math.floor(live * 0.99)] ?? 0,
    seconds,
    cpuMs: (user + system) / 1000 / live,
    kbEach: (peak - before) / 1024 / live,
  }),
);
await running.close();
