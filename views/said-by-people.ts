import type { Incident } from '#incidents/incident.ts';
import { verdictWords } from './narrate-people.ts';

/** What people said of an incident that still counts, one short sentence each; ours alone and names of the config. */
export function saidByPeople({
  diagnosis,
  acknowledgedBy,
  takenBy,
  handover,
  verdict,
  mergedInto,
  notes,
}: Incident): string[] {
  return [
    ...(acknowledgedBy === null || takenBy !== null ? [] : [`${acknowledgedBy} has seen it`]),
    ...(handover === null ? [] : [`${handover.by} offers it to ${handover.to ?? 'whoever accepts it'}`]),
    // Where a cause is named, it stands beside that.
    ...(verdict === null || (diagnosis?.hypotheses.length ?? 0) > 0 ? [] : [verdictWords(verdict)]),
    ...(mergedInto === null ? [] : [`it goes on in ${mergedInto}`]),
    ...(notes === 0 ? [] : [notes === 1 ? '1 note' : `${notes} notes`]),
  ];
}
