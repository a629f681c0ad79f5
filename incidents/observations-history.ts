import { z } from 'zod';
import { IncidentId, ServiceId } from '#core/ids.ts';
import { ClusterRef } from './cluster-causes.ts';
import { Cause, Resolution } from './vocabulary.ts';

/** What `incident_history` gives: ids, closed words and numbers; no sentence of anybody. */

/** A cause, and what it was at. */
export const CauseAt = z.strictObject({
  cause: Cause,
  service: ServiceId,
  object: ClusterRef.nullable(),
});
export type CauseAt = z.infer<typeof CauseAt>;

/**
 * What became of a change. `helped`: the signal came back into its band; `not_helped`: it did not, and the change stands;
 * `undone`: it did not, and the change was taken back; `failed`: it was not made, or not to its end; `unknown`: nobody knows.
 */
export const PastOutcome = z.enum(['helped', 'not_helped', 'undone', 'failed', 'unknown']);
export type PastOutcome = z.infer<typeof PastOutcome>;

/** The name of a tool as an entry holds it. */
export const PastTool = z.string().regex(/^[a-z][a-z0-9_]{0,59}$/);

/** One earlier incident. Times in ms since 1970. */
export const PastIncident = z.strictObject({
  incident: IncidentId,
  service: ServiceId,
  openedAt: z.int(),
  endedAt: z.int(),
  resolution: Resolution,
  /** What a diagnosis named last; null = it named nothing. */
  named: CauseAt.nullable(),
  /** What a person says that it was, and what they say that it was not. */
  confirmed: CauseAt.nullable(),
  refuted: CauseAt.nullable(),
  actions: z.array(z.strictObject({ tool: PastTool, outcome: PastOutcome })).max(8),
});
export type PastIncident = z.infer<typeof PastIncident>;

/** `incident_history`: newest first. */
export const HistorySeen = z.strictObject({
  service: ServiceId,
  incidents: z.array(PastIncident).max(10),
});
export type HistorySeen = z.infer<typeof HistorySeen>;

/** What the entry of such a look itself tells: the newest of them, where there is one. */
export const LastPast = z.object({
  last: IncidentId,
  at: z.int(),
  cause: Cause.exactOptional(),
  causeService: ServiceId.exactOptional(),
  tool: PastTool.exactOptional(),
  outcome: PastOutcome.exactOptional(),
});
export type LastPast = z.infer<typeof LastPast>;
