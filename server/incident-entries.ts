import type { Entry, Log } from '#audit/log.ts';
import type { IncidentId } from '#core/ids.ts';
import type { Folds } from './folds.ts';

/** The entries of one incident, of long ago too, read from the log; none when there is no such incident. */
export async function incidentEntries(
  { log, folds: { incidents } }: { log: Pick<Log, 'read'>; folds: Pick<Folds, 'incidents'> },
  id: IncidentId,
): Promise<Entry[]> {
  const known = incidents.get(id) ?? incidents.closed().find((one) => one.id === id);
  const found: Entry[] = [];
  if (known === undefined) return found;
  for await (const entry of log.read(known.firstSeq)) {
    if (entry.seq > known.lastSeq) break;
    if (entry.incidentId === id) found.push(entry);
  }
  return found;
}
