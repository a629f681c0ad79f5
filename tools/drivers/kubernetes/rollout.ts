import { z } from 'zod';
import { readJson } from '#core/foreign-json.ts';
import type { Service } from '#incidents/inventory.ts';
import { Target } from './revisions.ts';
import { askFor, type Reach, targetOf } from './target.ts';

/** Less than a change may take in all. */
const LONGEST_MS = 40_000;
const PAUSE_MS = 500;

const Seen = z.object({ type: z.enum(['ADDED', 'MODIFIED']), object: Target });

/**
 * Waits until all pods are as they were asked for and available, or the target is changed by another, or for 40 seconds.
 * Watches; where that is not allowed, or breaks off, it looks again twice a second. Never throws.
 */
export async function awaitRollout(
  reach: Reach,
  { service, generation }: { service: Service; generation: number },
  signal: AbortSignal,
): Promise<void> {
  const end = reach.clock.mono() + LONGEST_MS;
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  signal.addEventListener('abort', abort, { once: true });
  const cancel = reach.clock.after(LONGEST_MS, abort);
  try {
    while (!stop.signal.aborted && reach.clock.mono() < end) {
      const now = await targetOf(reach, service, stop.signal);
      if (now.kind === 'gap' || isOver(now.value, generation)) return;
      const version = now.value.metadata.resourceVersion;
      if (await watchFor(reach, { service, generation, version }, stop.signal)) return;
      await reach.clock.sleep(PAUSE_MS, stop.signal).catch(() => undefined);
    }
  } finally {
    cancel();
    abort();
    signal.removeEventListener('abort', abort);
  }
}

/** Whether it was seen to be over; false when the watch ended before. */
async function watchFor(
  reach: Reach,
  { service, generation, version }: { service: Service; generation: number; version: string },
  signal: AbortSignal,
): Promise<boolean> {
  const { path } = askFor(reach, service, 'get');
  const [name = ''] = path.split('/').slice(-1);
  const query = {
    ...{ watch: 'true', fieldSelector: `metadata.name=${name}`, resourceVersion: version },
    ...{ allowWatchBookmarks: 'true', timeoutSeconds: String(LONGEST_MS / 1000) },
  };
  const all = path.slice(0, path.lastIndexOf('/'));
  const lines = reach.client.lines({ path: all, query, verb: 'watch', resource: 'deployments' }, signal);
  for await (const line of lines) {
    // Bookmarks and errors carry no deployment; after an error the watch ends, and it is looked at anew.
    const seen = Seen.safeParse(readJson(line));
    if (seen.success && isOver(seen.data.object, generation)) return true;
  }
  return false;
}

function isOver({ metadata, spec, status }: Target, generation: number): boolean {
  if ((metadata.generation ?? 0) > generation) return true;
  const { observedGeneration, replicas, updatedReplicas, availableReplicas } = status;
  return (
    (observedGeneration ?? 0) >= generation &&
    updatedReplicas === spec.replicas &&
    availableReplicas === spec.replicas &&
    replicas === spec.replicas
  );
}
