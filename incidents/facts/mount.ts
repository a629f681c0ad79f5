import { z } from 'zod';
import { Digest } from '#core/ids.ts';
import { Name } from './fields.ts';

/** Facts about servers of others whose tools are looks of this product: kind -> body. */
export const mountFacts = {
  /** A tool that the config names is off for the rest of this start; `seen`: digest of how it is described now. */
  'mount.refused': z.strictObject({
    server: Name,
    tool: Name,
    reason: z.enum(['drifted', 'changes', 'ambiguous']),
    pinned: Digest.nullable(),
    seen: Digest.nullable(),
  }),
} as const;
