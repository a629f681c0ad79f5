import { z } from 'zod';

/** What the supervisor answers; extra fields are ignored. Text that people see or that is sent back is printable. */
const Printable = z.string().regex(/^[\x20-\x7e]{1,100}$/, 'not printable');
const Time = z.string().transform((text, context) => {
  const at = Date.parse(text);
  if (Number.isFinite(at)) return at;
  context.addIssue({ code: 'custom', message: 'not a time' });
  return z.NEVER;
});
const Count = z.int().min(0).max(100_000);

export const WireService = z.object({
  uid: Printable,
  generation: Count,
  version: Printable,
  replicas: Count,
  maxReplicas: Count,
  instances: z
    .array(
      z.object({
        id: Printable,
        state: z.enum(['running', 'starting', 'exited']),
        version: Printable,
        startedAt: Time.nullish(),
        exitCode: z.int().nullish(),
      }),
    )
    .max(1000),
});

export const WireDeployments = z
  .array(z.object({ version: Printable, at: Time, by: z.string().max(200) }))
  .max(1000);

const Spec = z.object({ version: Printable, replicas: Count });
export const WirePreview = z.object({ generation: Count, before: Spec, after: Spec });
export const WireDone = z.object({ generation: Count, took: z.number().min(0) });
export const WireRefusal = z.object({ error: z.string().max(200) });
/** `refused`: nothing was done; `failed`: it may have been done in part. */
export const WireOperation = z.object({
  state: z.enum(['running', 'done', 'succeeded', 'refused', 'failed']),
});
