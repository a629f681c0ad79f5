import { z } from 'zod';
import { Digest, PersonId, ServiceId } from '#core/ids.ts';
import { Alert } from '#incidents/alert.ts';
import { EscalationReason, Mode, Resolution, Severity } from '#incidents/vocabulary.ts';
import { Millis, Name, Reason } from './fields.ts';

/** The alert without its free text, which lies in a payload. */
export const AlertFacts = Alert.omit({ summary: true });

/** Facts about deliveries, alerts and incidents: kind -> body. */
export const incidentFacts = {
  'delivery.received': z.strictObject({
    source: Name,
    key: Digest,
    alerts: z.int(),
    bytes: z.int(),
    via: z.enum(['webhook', 'poll', 'watch', 'held']),
    /** Only where the sender names its deliveries; `key` is then the digest of that name. */
    eventAt: Millis.exactOptional(),
    /** Alerts of it that changed nothing, by why. */
    ignored: z
      .array(z.strictObject({ reason: Reason, alerts: z.int().min(1) }))
      .max(10)
      .exactOptional(),
  }),
  /** An authenticated delivery that is about no alert. */
  'delivery.ignored': z.strictObject({ source: Name, reason: Reason, key: Digest, bytes: z.int() }),
  'delivery.refused': z.strictObject({
    source: Name,
    reason: Reason,
    peer: Name,
    bytes: z.int(),
    correlation: Name,
  }),
  'incident.opened': z.strictObject({
    alert: AlertFacts,
    group: Name,
    service: ServiceId.nullable(),
    environment: Name,
    owner: Name,
    severity: Severity,
    mode: Mode,
    reason: Reason,
  }),
  'alert.joined': z.strictObject({ alert: AlertFacts, reason: Reason }),
  'alert.suppressed': z.strictObject({ alert: AlertFacts, reason: Reason }),
  /** `startsAt` and `endsAt`: the time that is over, where the sender said when it ended. */
  'alert.cleared': z.strictObject({
    fingerprint: Digest,
    source: Name,
    startsAt: Millis.exactOptional(),
    endsAt: Millis.exactOptional(),
  }),
  'incident.taken': z.strictObject({ by: PersonId }),
  'incident.escalated': z.strictObject({ reason: EscalationReason, missing: z.array(Name).max(12) }),
  'incident.resolved': z.strictObject({ resolution: Resolution, by: Name }),
  'incident.reopened': z.strictObject({ reason: Reason }),
  'incident.noted': z.strictObject({ by: Name, chars: z.int() }),
} as const;
