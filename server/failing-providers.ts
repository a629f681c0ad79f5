import type { Log } from '#audit/log.ts';
import { readFact } from '#incidents/entry.ts';
import type { Failing } from '#views/status.ts';

/** What says nothing of a provider: it came from a file, was ended here, or the prompt was too long. */
const SAYS_NOTHING: ReadonlySet<string> = new Set(['recorded', 'aborted', 'too_long']);

/** The providers whose last attempt since the start failed, from entries as they become durable. */
export function watchProviders(log: Pick<Log, 'subscribe'>): () => readonly Failing[] {
  const failing = new Map<string, Failing>();
  log.subscribe((entries) => {
    for (const entry of entries) {
      const fact = entry.kind === 'model.attempted' ? readFact(entry) : undefined;
      if (fact?.kind !== 'model.attempted' || SAYS_NOTHING.has(fact.body.outcome)) continue;
      const { provider, outcome } = fact.body;
      if (outcome === 'ok') failing.delete(provider);
      else failing.set(provider, { provider, reason: outcome, at: entry.ts });
    }
  });
  return () => [...failing.values()];
}
