import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileLog } from '#audit/file-log.ts';
import type { Log } from '#audit/log.ts';
import type { MemoryLogOptions } from '#audit/memory-log.ts';
import { inProcess } from '#tests/journeys/in-process.ts';
import type { BenchResult } from './result.ts';

const TARGET_MS = 50;

/**
 * From the yes to the moment the backend is told: decision, claim, second look at the target, intent, permit; with the
 * log on disk, and a backend that answers at once.
 */
export async function run({ quick }: { quick: boolean }): Promise<BenchResult> {
  const runs = quick ? 20 : 200;
  const tookMs: number[] = [];
  for (let made = 0; made < runs; made += 1) {
    const took = await oneApproval();
    if (took !== undefined) tookMs.push(took);
  }
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
  const verdict = `(target <= ${TARGET_MS} ms: ${at(0.99) <= TARGET_MS ? 'met' : 'NOT met'})`;
  return {
    lines: [
      `approve -> change begins, p50 of ${runs}   ${at(0.5).toFixed(1)} ms`,
      `approve -> change begins, p99 of ${runs}   ${at(0.99).toFixed(1)} ms  ${verdict}`,
    ],
    figures: { runs, p50Us: Math.round(1000 * at(0.5)), p99Us: Math.round(1000 * at(0.99)) },
    wrong: tookMs.length === runs ? [] : [`${tookMs.length} of ${runs} approvals began their change`],
  };
}

/** Undefined when the change did not begin. */
async function oneApproval(): Promise<number | undefined> {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-bench-'));
  try {
    const { counted, settled } = createCounter();
    const openLog = async (options: MemoryLogOptions) => counted(await openFileLog({ ...options, dir }));
    const run = await inProcess({ openLog, settled });
    run.shop.inject('bad-deploy', 'checkout');
    await run.clock.advance(12_000);
    await run.page();
    await run.until(() => run.folds.approvals.all().some((one) => one.state === 'pending'));
    const began = performance.now();
    await run.decide('approve');
    for (let waited = 0; run.shop.applied.length === 0 && waited < 1000; waited += 1) await nextTurn();
    const took = performance.now() - began;
    await run.firebreak.close();
    await run.log.close();
    return run.shop.applied.length === 1 ? took : undefined;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Time, which is moved by hand, stands still while the disk works. */
function createCounter() {
  let open = 0;
  const counted = <L extends Log>(log: L): L => ({
    ...log,
    append: async (...order: Parameters<Log['append']>) => {
      open += 1;
      try {
        return await log.append(...order);
      } finally {
        open -= 1;
      }
    },
  });
  const settled = async (): Promise<void> => {
    for (let quiet = 0; quiet < 5; quiet = open > 0 ? 0 : quiet + 1) await nextTurn();
  };
  return { counted, settled };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
