import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type FileLog, type FileLogOptions, openFileLog } from '#audit/file-log.ts';
import type { Fold } from '#audit/fold.ts';
import type { Entry, EntryDraft, Log } from '#audit/log.ts';
import { realClock, realRandom } from '#core/clock.ts';
import { IncidentId } from '#core/ids.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';

/** A directory that is gone after the test. */
export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-log-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export function incident(number: number): IncidentId {
  return IncidentId.parse(`INC-${number}`);
}

export function draft(over: Partial<EntryDraft> = {}): EntryDraft {
  return {
    streams: [],
    traceId: 'trace-1',
    actor: { kind: 'agent', id: 'monitor' },
    kind: 'tool.finished',
    body: { outcome: 'ok' },
    ...over,
  };
}

/** Opens a file log that is closed after the test, on a fake clock unless told otherwise. */
export async function fileLog(dir: string, over: Partial<FileLogOptions> = {}): Promise<FileLog> {
  const log = await openFileLog({ dir, clock: new FakeClock(), random: realRandom, ...over });
  onTestFinished(() => log.close());
  return log;
}

export const onRealTime = { clock: realClock };

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export async function entriesOf(log: Log, from = 0): Promise<Entry[]> {
  return collect(log.read(from));
}

/** Counts entries per kind. */
export function countingFold(version = 1): Fold & { counts: Map<string, number> } {
  const counts = new Map<string, number>();
  return {
    name: 'kinds',
    version,
    counts,
    apply: (entry) => void counts.set(entry.kind, (counts.get(entry.kind) ?? 0) + 1),
    save: () => Object.fromEntries(counts),
    load: (state) => {
      if (typeof state !== 'object' || state === null) throw new Error('not a saved state');
      counts.clear();
      for (const [kind, count] of Object.entries(state)) counts.set(kind, Number(count));
    },
    reset: () => counts.clear(),
  };
}
