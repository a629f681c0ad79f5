import { z } from 'zod';

/** As the config has it, e.g. `file:/run/secrets/slack`. */
const Ref = z.string().max(520);

/** Facts about the credentials that the config names: kind -> body. Never a value. */
export const secretFacts = {
  /** The first value, or another one than before; `fingerprint` null: too short to have one. */
  'secret.resolved': z.strictObject({
    name: Ref,
    fingerprint: z
      .string()
      .regex(/^[0-9a-f]{8}$/)
      .nullable(),
    source: z.enum(['env', 'file', 'keychain']),
  }),
  /** What it holds is not used any more, and why. */
  'secret.unusable': z.strictObject({ name: Ref, why: z.string().max(1200) }),
} as const;
