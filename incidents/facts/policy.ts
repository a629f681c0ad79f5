import { z } from 'zod';
import { Digest, PersonId, ServiceId } from '#core/ids.ts';
import { Name } from './fields.ts';

const Tools = z.array(Name).max(50);

/** Facts about who may change what: kind -> body. */
export const policyFacts = {
  /**
   * What is allowed from here on. `first`: the log held none; `narrower`: the config allows less than before, which
   * counts at once; `owner`: a person took on what the config allows. It takes several entries when it is long: they
   * stand together, and count when the last part is there.
   */
  'policy.accepted': z.strictObject({
    by: PersonId.nullable(),
    why: z.enum(['first', 'narrower', 'owner']),
    /** Digest of the whole. */
    standing: Digest,
    part: z.int().min(0),
    parts: z.int().min(1).max(200),
    services: z.array(
      z.strictObject({
        service: ServiceId,
        environment: Name,
        owner: Name,
        act: Tools,
        propose: Tools,
      }),
    ),
    people: z.array(
      z.strictObject({
        person: PersonId,
        approves: z.boolean(),
        owns: z.boolean(),
        teams: z.array(Name).max(50),
      }),
    ),
  }),
} as const;
