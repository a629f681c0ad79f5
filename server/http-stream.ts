import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type Clean, cleanMembers } from '#core/clean.ts';
import type { Clock } from '#core/clock.ts';
import type { StreamedEntry } from './http-api.ts';

/** Keeps the connection from looking dead to what lies between. */
const HEARTBEAT_MS = 15_000;

/**
 * Writes entries as server-sent events until they end, the client leaves or `stop` aborts; then ends the response. A slow
 * client slows the reading down instead of filling memory. Secrets are taken out of what is shown; for proofs there are the
 * entries of the log itself. Throws what the entries throw.
 */
export async function streamEntries(
  response: ServerResponse,
  entries: AsyncIterable<StreamedEntry>,
  { clock, signal, clean }: { clock: Clock; signal: AbortSignal; clean: Clean },
): Promise<void> {
  let cancel = clock.after(HEARTBEAT_MS, beat);
  function beat(): void {
    if (!response.writableNeedDrain) response.write(':\n\n');
    cancel = clock.after(HEARTBEAT_MS, beat);
  }
  try {
    for await (const { seq, entry } of entries) {
      if (signal.aborted) return;
      const ready = response.write(
        `id: ${seq}\nevent: entry\ndata: ${JSON.stringify(cleanMembers(entry, clean))}\n\n`,
      );
      if (!ready) await once(response, 'drain', { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    cancel();
    response.end();
  }
}
