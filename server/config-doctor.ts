import { z } from 'zod';
import { duration, words } from './config-fields.ts';

/** How Firebreak looks after itself. */

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** A day as people write it -> its end in UTC, ms since 1970. */
const lastDay = z
  .string()
  .regex(DAY, 'is not a day such as 2027-01-31')
  .transform((text) => Date.parse(`${text}T23:59:59.999Z`))
  .refine((at) => Number.isFinite(at), 'is not a day of the calendar');

export const doctorFile = z.strictObject({
  /** Checks that are known to fail for a while, and why. */
  suppress: z
    .array(z.strictObject({ id: z.string().regex(/^[a-z][a-z-]{0,39}$/), until: lastDay, reason: words }))
    .max(20)
    .default([]),
});

export const guardFile = z.strictObject({
  /** How often the checks run by themselves. */
  every: z.union([z.literal('off'), duration(60_000)]).default(10 * 60_000),
});

export type DoctorSettings = {
  readonly suppress: readonly { readonly id: string; readonly until: number; readonly reason: string }[];
  /** Null: the checks do not run by themselves. */
  readonly guardMs: number | null;
};

/** Makes the typed settings of a file that was checked. */
export function buildDoctor(file: {
  readonly doctor: z.infer<typeof doctorFile>;
  readonly guard: z.infer<typeof guardFile>;
}): DoctorSettings {
  const { every } = file.guard;
  return { suppress: file.doctor.suppress, guardMs: every === 'off' ? null : every };
}
