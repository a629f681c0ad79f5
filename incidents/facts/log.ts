import { z } from 'zod';
import { Damage } from '#audit/set-aside.ts';
import { ApprovalId, Digest, PersonId, ServiceId } from '#core/ids.ts';
import { Mode } from '#incidents/vocabulary.ts';
import { Name, Reason } from './fields.ts';

/** Facts about the log, the server and who was refused: kind -> body. */
export const logFacts = {
  /** `replaces`: the log before it was tampered with. */
  'log.opened': z.looseObject({ replaces: Damage.exactOptional() }),
  'log.recovered': z.looseObject({}),
  'log.key_rotated': z.strictObject({ newKey: z.string().max(500), reason: z.string().max(200) }),
  'log.key_used': z.strictObject({ publicKey: z.string().max(500) }),
  /** What had been given out in the log that this one takes over from: numbers go on behind it. */
  'log.carried': z.strictObject({ incidents: z.int().min(0), approvals: z.int().min(0) }),
  /** An owner has looked at what became of the damaged log with this digest. */
  'log.accepted': z.strictObject({ by: PersonId, old: Digest }),
  /** A checkpoint was kept where whoever can change the log cannot change it. */
  'anchor.written': z.strictObject({ where: z.string().max(300), size: z.int().min(1), root: Digest }),
  /** The key of the incident's content is destroyed; `by` null: its time was up. */
  'payloads.erased': z.strictObject({ by: PersonId.nullable(), reason: z.enum(['retention', 'asked']) }),
  'server.started': z.strictObject({ version: Name, boot: Name, mode: z.literal('serve') }),
  'server.stopped': z.strictObject({ boot: Name }),
  'config.loaded': z.strictObject({
    digest: Digest,
    policyVersion: Digest,
    inventoryVersion: Digest,
    modes: z.array(z.strictObject({ service: ServiceId, mode: Mode })).max(200),
  }),
  /** A known person who was told no. */
  'request.refused': z.strictObject({
    by: PersonId,
    what: z.enum([
      'approve',
      'deny',
      'revoke',
      'take',
      'stop',
      'release',
      'ask_again',
      'accept_policy',
      'accept_log',
      'erase',
      'acknowledge',
      'pause',
      'hand_over',
      'resolve',
      'verdict',
      'steer',
      'change',
      'note',
      'merge',
      'split',
      'move',
      'maintenance',
      /** A right that the person, or the token that they showed, does not have. */
      'use_right',
      /** More requests than are taken in that time. */
      'too_often',
    ]),
    reason: Reason,
    approval: ApprovalId.nullable(),
  }),
} as const;
