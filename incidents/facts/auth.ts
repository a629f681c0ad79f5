import { z } from 'zod';
import { Name } from './fields.ts';

/** Facts about who could not prove who they are: kind -> body. */
export const authFacts = {
  'auth.failed': z.strictObject({ what: Name, peer: Name, correlation: Name }),
  /** More failures of one peer than are written down one by one; `peer` null: of many that failed together. */
  'auth.flooded': z.strictObject({
    peer: Name.nullable(),
    kind: z.enum(['token', 'signature']),
    times: z.int().min(1),
  }),
} as const;
