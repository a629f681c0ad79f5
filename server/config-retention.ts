import { z } from 'zod';

const DAY_MS = 24 * 3_600_000;

/** How long what the log holds is kept: days -> milliseconds, null = for ever. */
export const retention = z.strictObject({
  /** Content of incidents (prompts, results, messages), counted from when they were resolved. */
  payloads: z
    .string()
    .regex(/^([1-9]\d{0,4}d|forever)$/, 'is not a number of days such as 90d, or forever')
    .transform((text) => (text === 'forever' ? null : Number.parseInt(text, 10) * DAY_MS))
    .prefault('90d'),
  /** Entries are never removed; there is nothing else to say here. */
  entries: z.literal('forever').default('forever'),
});
