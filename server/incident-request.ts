import { z } from 'zod';
import { Digest, IncidentId, PersonId, ServiceId } from '#core/ids.ts';
import { RequestedAction } from '#incidents/requested-action.ts';
import { Cause } from '#incidents/vocabulary.ts';

/** What a person may say of an incident: the same as in its thread in Slack, already read. */
export const IncidentRequest = z.discriminatedUnion('verb', [
  z.strictObject({ verb: z.enum(['ack', 'take', 'pause', 'resume', 'accept']) }),
  z.strictObject({ verb: z.literal('hand_over'), to: PersonId.nullable() }),
  z.strictObject({ verb: z.literal('resolve'), resolution: z.enum(['by_hand', 'nothing_wrong']) }),
  z.strictObject({
    verb: z.literal('verdict'),
    right: z.boolean(),
    cause: Cause.nullable(),
    service: ServiceId.nullable(),
  }),
  z.strictObject({ verb: z.literal('look'), service: ServiceId }),
  z.strictObject({ verb: z.literal('change'), action: RequestedAction }),
  z.strictObject({ verb: z.literal('merge'), into: IncidentId }),
  z.strictObject({ verb: z.literal('split'), alerts: z.array(Digest).min(1).max(50) }),
]);
export type IncidentRequest = z.infer<typeof IncidentRequest>;
