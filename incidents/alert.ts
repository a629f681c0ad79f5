import { z } from 'zod';
import { Digest } from '#core/ids.ts';
import { Severity } from './vocabulary.ts';

/** One signal from a monitoring source, firing or cleared. All strings are untrusted: shown inert, never followed. */
export const Alert = z.strictObject({
  source: z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/),
  status: z.enum(['firing', 'cleared']),
  /** Digest of the identifying labels: same fingerprint = same alert. */
  fingerprint: Digest,
  name: z.string().min(1).max(120),
  severity: Severity,
  /** Service as the sender names it; null when it names none. */
  service: z.string().max(120).nullable(),
  environment: z.string().max(60).nullable(),
  startsAt: z.int().min(0),
  summary: z.string().max(500),
});
export type Alert = z.infer<typeof Alert>;
