import { z } from 'zod';
import { PersonId, ServiceId } from '#core/ids.ts';
import { Millis, Name, Reason } from './fields.ts';

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
  /** A page of a service that is left alone; there is no incident of it. */
  'page.suppressed': z.strictObject({
    source: Name,
    name: Name,
    service: ServiceId.nullable(),
    reason: Reason,
    until: Millis.nullable(),
  }),
  /** The next people are asked: rung 0 is whoever is on duty. That they were told is the receipt of the call that told them. */
  'rung.reached': z.strictObject({
    rung: z.int().min(0).max(20),
    people: z.array(PersonId).max(20),
    team: Name.nullable(),
    reason: Reason,
  }),
} as const;
