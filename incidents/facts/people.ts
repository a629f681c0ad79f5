import { z } from 'zod';
import { Digest, IncidentId, PersonId, ServiceId } from '#core/ids.ts';
import { Cause } from '#incidents/vocabulary.ts';
import { Name, Reason } from './fields.ts';

/** Facts about conversations with people: kind -> body. What they wrote lies in payloads; nothing here is their text. */
export const peopleFacts = {
  /** From here on the incident is talked about in this thread; a later one takes its place. */
  'thread.bound': z.strictObject({ surface: z.literal('slack'), team: Name, channel: Name, thread: Name }),
  /** Somebody wrote in the thread of an incident; `by` null: nobody whom the config knows. `verb` is what it was read as. */
  'message.received': z.strictObject({
    by: PersonId.nullable(),
    surface: z.literal('slack'),
    message: Name,
    chars: z.int().min(0),
    verb: Name.nullable(),
    refused: Reason.nullable(),
  }),
  /** Somebody has seen the page; who works on it is another fact. */
  'incident.acknowledged': z.strictObject({ by: PersonId }),
  /** Agents stop at their next step, pending plans are withdrawn; nothing new starts until it goes on. */
  'incident.paused': z.strictObject({ on: z.boolean(), by: PersonId }),
  /** A person wants a service looked at. */
  'incident.steered': z.strictObject({ by: PersonId, service: ServiceId }),
  /** `to` null: to whoever accepts it. Ownership moves when it is accepted. */
  'handover.offered': z.strictObject({ by: PersonId, to: PersonId.nullable() }),
  'handover.accepted': z.strictObject({ by: PersonId, from: PersonId }),
  /** What a person says the cause was; `cause` null: they do not know, but not what was named. */
  'verdict.given': z.strictObject({
    by: PersonId,
    right: z.boolean(),
    cause: Cause.nullable(),
    service: ServiceId.nullable(),
  }),
  /** All of it goes on in another incident; this one is resolved as its duplicate. */
  'incident.merged': z.strictObject({ by: PersonId, into: IncidentId }),
  /** These alerts leave it; they open `into`. */
  'incident.split': z.strictObject({
    by: PersonId,
    fingerprints: z.array(Digest).min(1).max(50),
    into: IncidentId,
  }),
} as const;
