import type { Entry, Log } from '#audit/log.ts';
import type { StreamedEntry } from './http-api.ts';

/** Entries after `seq`, then new ones as they become durable, in order and each once, until `signal` aborts. */
export async function* streamFrom(
  log: Log,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<StreamedEntry> {
  let next = after + 1;
  let wake = Promise.withResolvers<void>();
  const unsubscribe = log.subscribe(() => wake.resolve());
  const stop = (): void => wake.resolve();
  signal.addEventListener('abort', stop, { once: true });
  try {
    while (!signal.aborted) {
      for await (const entry of log.read(next)) {
        next = entry.seq + 1;
        yield streamed(entry);
        if (signal.aborted) return;
      }
      if (next >= log.size()) await wake.promise;
      wake = Promise.withResolvers<void>();
    }
  } finally {
    signal.removeEventListener('abort', stop);
    unsubscribe();
  }
}

function streamed(entry: Entry): StreamedEntry {
  return { seq: entry.seq, entry };
}
