import { IncidentFold } from '#incidents/incident-fold.ts';
import type { Entry } from './timeline.ts';

type Role = 'monitor' | 'diagnosis';
/** Positions of the entries that hold the reports which count, as `monitor` and `diagnosis`; a later look elsewhere is none. */
export type ReportSeqs = Record<Role, number | null>;

/** Finds them by folding the entries of one incident in order. Pure. */
export function reportSeqs(entries: readonly Entry[]): ReportSeqs {
  const fold = new IncidentFold();
  const found: ReportSeqs = { monitor: null, diagnosis: null };
  const known: Record<Role, object | null> = { monitor: null, diagnosis: null };
  for (const entry of entries) {
    fold.apply(entry);
    const [incident] = fold.current();
    for (const role of ['monitor', 'diagnosis'] as const) {
      const report = incident?.[role] ?? null;
      if (report === known[role]) continue;
      known[role] = report;
      found[role] = report === null ? null : entry.seq;
    }
  }
  return found;
}
