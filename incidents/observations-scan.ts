import { z } from 'zod';
import { ServiceId } from '#core/ids.ts';
import { SignalName } from './vocabulary.ts';

/** Why a service is held for the origin. Numbers in the unit of the signal; templates are foreign text. */
const Why = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('level'),
    signal: SignalName,
    before: z.number(),
    now: z.number(),
  }),
  z.strictObject({
    kind: z.literal('between'),
    /** The other end: time in ms that a call spends on neither side of it. */
    other: ServiceId,
    before: z.number(),
    now: z.number(),
  }),
  z.strictObject({
    kind: z.literal('log'),
    template: z.string().max(200),
    count: z.int().min(0),
    isNew: z.boolean(),
  }),
]);

/**
 * `system_scan`: a service and all that it depends on, each signal and each kind of log line compared with its own past.
 * `ranked`: where it may have begun, best first, confidence in percent. `healthy`: what the page is about is in its
 * normal range and nothing behind it is out.
 */
export const ScanSeen = z.strictObject({
  service: ServiceId,
  verdict: z.enum(['fault', 'healthy', 'unclear']),
  services: z.int().min(0),
  /** How many series there are, and of how many something could be said. */
  series: z.strictObject({ total: z.int().min(0), seen: z.int().min(0) }),
  ranked: z
    .array(
      z.strictObject({
        service: ServiceId,
        confidence: z.int().min(0).max(100),
        onset: z.int().nullable(),
        why: z.array(Why).max(3),
      }),
    )
    .max(8),
});
export type ScanSeen = z.infer<typeof ScanSeen>;
