import { z } from 'zod';
import { ServiceId } from '#core/ids.ts';

/** Where the code of a service lies: `owner/name`, as GitHub spells it. */
export const Repository = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/,
    'is not a repository such as shop/checkout',
  );
export type Repository = z.infer<typeof Repository>;

/** `change:checkout@1a2b3c4`: one change of the code of a service, by the beginning of its hash. */
export const ChangeRef = z
  .string()
  .regex(/^change:[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?@[0-9a-f]{7,40}$/, 'not a reference of a change');
export type ChangeRef = z.infer<typeof ChangeRef>;

/** `changes_list`: newest first, all from before the page; text is foreign. `files` null = not counted. Times in ms. */
export const ChangesSeen = z.strictObject({
  service: ServiceId,
  from: z.int(),
  changes: z
    .array(
      z.strictObject({
        kind: z.enum(['merged', 'deployed']),
        ref: ChangeRef,
        at: z.int(),
        by: z.string().max(60),
        title: z.string().max(120),
        files: z.int().min(0).nullable(),
      }),
    )
    .max(20),
  truncated: z.boolean(),
});
export type ChangesSeen = z.infer<typeof ChangesSeen>;
