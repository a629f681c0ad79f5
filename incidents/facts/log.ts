import { z } from 'zod';
import { ApprovalId, Digest, PersonId, ServiceId } from '#core/ids.ts';
import { Mode } from '#incidents/vocabulary.ts';
import { Name, Reason } from './fields.ts';

/** Facts about the log, the server and who was refused: kind -> body. */
export const logFacts = {
  'log.opened': z.looseObject({}),
  'log.recovered': z.looseObject({}),
  'server.started': z.strictObject({ version: Name, boot: Name, mode: z.literal('serve') }),
  'server.stopped': z.strictObject({ boot: Name }),
  'config.loaded': z.strictObject({
    digest: Digest,
    policyVersion: Digest,
    inventoryVersion: Digest,
    modes: z.array(z.strictObject({ service: ServiceId, mode: Mode })).max(200),
  }),
  'auth.failed': z.strictObject({ what: Name, peer: Name, correlation: Name }),
  /** A known person who was told no. */
  'request.refused': z.strictObject({
    by: PersonId,
    what: z.enum(['approve', 'deny', 'revoke', 'take', 'stop']),
    reason: Reason,
    approval: ApprovalId.nullable(),
  }),
} as const;
