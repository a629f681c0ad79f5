import { z } from 'zod';
import { Digest, PersonId, ServiceId } from '#core/ids.ts';
import { Millis, Name, Reason } from './fields.ts';
import { AlertFacts } from './incident.ts';

/** Facts about who is on duty and what is left alone for a while: kind -> body. */
export const dutyFacts = {
  /** Pages of the service inside the window are recorded and nothing else. `reason` is a person's words, shown inert. */
  'maintenance.added': z.strictObject({
    id: Name,
    service: ServiceId,
    from: Millis,
    until: Millis,
    reason: z.string().max(200),
    by: PersonId,
  }),
  'maintenance.ended': z.strictObject({ id: Name, by: PersonId }),
  /** A page that is left alone: no incident opens. `window` names why, `until` when it counts after all if it still fires. */
  'page.suppressed': z.strictObject({
    alert: AlertFacts,
    service: ServiceId.nullable(),
    reason: Reason,
    window: Name,
    until: Millis,
  }),
  /** A page that no incident holds is over; `endsAt` where the sender said when it ended. */
  'page.cleared': z.strictObject({
    fingerprint: Digest,
    source: Name,
    startsAt: Millis,
    endsAt: Millis.exactOptional(),
  }),
  /** The alert that must keep coming from this source has come. */
  'watchdog.seen': z.strictObject({ source: Name }),
  /** The next people are asked: rung 0 is whoever is on duty. That they were told is the receipt of the call that told them. */
  'rung.reached': z.strictObject({
    rung: z.int().min(0).max(20),
    people: z.array(PersonId).max(20),
    team: Name.nullable(),
    reason: Reason,
  }),
} as const;
