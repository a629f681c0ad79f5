import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openFileLog } from '#audit/file-log.ts';
import type { EntryDraft } from '#audit/log.ts';
import { realClock, realRandom } from '#core/clock.ts';

/** One kind of writing: how many durable writes, in how much time, and how long each took. */
export type Rate = { name: string; count: number; ms: number; tookMs: number[] };

export const WRITERS = [1, 8, 128] as const;

/** A line of about 520 bytes, as a read of metrics leaves it. */
const draft: EntryDraft = {
  streams: [],
  traceId: 'run-0f9ee2a1-5b1c-4f6e-9d0a-2f8a7c1b3d4e',
  actor: { kind: 'agent', id: 'monitor' },
  kind: 'bench.sampled',
  body: {
    call: 'e17',
    durationMs: 12,
    exitCode: null,
    facts: {
      high: '0.009',
      low: '0',
      now: '0.31',
      onset: 1_767_582_722_000,
      state: 'high',
      text: 'x'.repeat(180),
    },
    outcome: 'ok',
    reason: null,
    tool: 'metrics_query',
  },
};
/** What the log writes for one entry: its line and a checkpoint. */
const RAW_BYTES = 860;

/**
 * Raw fdatasync and signed durable appends with 1, 8 and 128 writers, in turns of `turnMs`, so that all see the same
 * minutes of the disk. `appended` is how many entries the log says it has, `acknowledged` how many callers were told of.
 */
export async function appendRates(
  dir: string,
  { turns, turnMs }: { turns: number; turnMs: number },
): Promise<{ raw: Rate; logged: Rate[]; appended: number; acknowledged: number }> {
  const log = await openFileLog({ dir: join(dir, 'data'), clock: realClock, random: realRandom });
  const before = log.size();
  const raw: Rate = { name: 'raw fdatasync', count: 0, ms: 0, tookMs: [] };
  const logged = WRITERS.map((writers): Rate => ({ name: `${writers}`, count: 0, ms: 0, tookMs: [] }));
  const fd = openSync(join(dir, 'raw'), 'w');
  let at = 0;
  const write = (): void => {
    at += writeSync(fd, bytes, 0, bytes.length, at);
    fdatasyncSync(fd);
  };
  const append = async (): Promise<void> => void (await log.append([draft]));
  await turn({ name: 'warm-up', count: 0, ms: 0, tookMs: [] }, { writers: 8, work: append, ms: turnMs });
  const warm = log.size() - before;
  for (let round = 0; round < turns; round += 1) {
    await turn(raw, { writers: 1, work: async () => write(), ms: turnMs });
    for (const [index, writers] of WRITERS.entries()) {
      const rate = logged[index];
      if (rate) await turn(rate, { writers, work: append, ms: turnMs });
    }
  }
  closeSync(fd);
  const appended = log.size() - before - warm;
  await log.close();
  return { raw, logged, appended, acknowledged: logged.reduce((sum, { count }) => sum + count, 0) };
}

const bytes = Buffer.alloc(RAW_BYTES, 'x');

async function turn(
  rate: Rate,
  { writers, work, ms }: { writers: number; work: () => Promise<void>; ms: number },
): Promise<void> {
  const began = performance.now();
  const writer = async (): Promise<void> => {
    for (let now = performance.now(); now - began < ms; ) {
      await work();
      const done = performance.now();
      rate.tookMs.push(done - now);
      rate.count += 1;
      now = done;
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
  rate.ms += performance.now() - began;
}
