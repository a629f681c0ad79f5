import { z } from 'zod';
import { ApprovalId, CallId, Digest, PersonId, SessionKey } from '#core/ids.ts';
import { RequestedTarget } from '#incidents/requested-action.ts';
import { Decimal, Mode, Tier } from '#incidents/vocabulary.ts';
import { Json, Name, Reason } from './fields.ts';

/** Facts about tool calls, approvals, changes and stops: kind -> body. */
export const actionFacts = {
  'tool.intended': z.strictObject({
    call: CallId,
    tool: Name,
    version: z.int(),
    tier: Tier,
    phase: z.enum(['run', 'dry_run', 'undo', 'verify']),
    args: Json,
    argsHash: Digest,
    caller: Name,
    session: SessionKey.nullable(),
    approval: ApprovalId.nullable(),
    step: z.int().nullable(),
  }),
  'tool.finished': z.strictObject({
    call: CallId,
    tool: Name,
    outcome: z.enum(['ok', 'gap', 'failed', 'unknown']),
    reason: Reason.nullable(),
    exitCode: z.int().nullable(),
    durationMs: z.int(),
    facts: Json.nullable(),
  }),
  'tool.refused': z.strictObject({
    call: CallId.nullable(),
    tool: Name,
    reason: Reason,
    caller: Name,
    session: SessionKey.nullable(),
  }),
  /** A person asked for exactly this change; a plan that holds it is theirs, and their own yes to it counts for less. */
  'change.requested': z.strictObject({ by: PersonId, tool: Name, target: RequestedTarget }),
  'approval.requested': z.strictObject({
    approval: ApprovalId,
    hash: Digest,
    cardDigest: Digest,
    mode: Mode,
    plan: Json,
  }),
  'approval.approved': z.strictObject({
    approval: ApprovalId,
    hash: Digest,
    cardDigest: Digest,
    by: PersonId,
    roles: z.array(Name).max(8),
    via: z.enum(['cli', 'demo', 'slack', 'api']),
    complete: z.boolean(),
  }),
  'approval.rejected': z.strictObject({
    approval: ApprovalId,
    by: PersonId,
    via: z.enum(['cli', 'demo', 'slack', 'api']),
  }),
  'approval.expired': z.strictObject({ approval: ApprovalId }),
  /** `by`: another plan brought about what made it needless. */
  'approval.withdrawn': z.strictObject({
    approval: ApprovalId,
    reason: Reason,
    by: ApprovalId.exactOptional(),
  }),
  'approval.superseded': z.strictObject({ approval: ApprovalId, by: ApprovalId }),
  'approval.reminded': z.strictObject({ approval: ApprovalId }),
  /** A person wants everything read anew after it ended undecided; the old plan stays ended. */
  'approval.asked_again': z.strictObject({ approval: ApprovalId, by: PersonId }),
  'approval.revoked': z.strictObject({ approval: ApprovalId, by: PersonId }),
  'approval.claimed': z.strictObject({ approval: ApprovalId, step: z.int(), boot: Name }),
  'approval.invalidated': z.strictObject({ approval: ApprovalId, reason: Reason }),
  'action.reconciled': z.strictObject({
    approval: ApprovalId,
    step: z.int(),
    call: CallId,
    effect: z.enum(['happened', 'did_not_happen']),
  }),
  'action.quarantined': z.strictObject({ approval: ApprovalId, step: z.int(), call: CallId }),
  /** A person says what became of a change with an unknown effect; its targets are free again. */
  'action.released': z.strictObject({
    approval: ApprovalId,
    by: PersonId,
    effect: z.enum(['happened', 'did_not_happen']),
  }),
  'action.sampled': z.strictObject({
    approval: ApprovalId,
    call: CallId,
    value: Decimal.nullable(),
    inBand: z.boolean(),
  }),
  'action.verified': z.strictObject({ approval: ApprovalId, samples: z.int() }),
  /** What repairs nothing is done and in effect; the incident goes on. */
  'action.in_effect': z.strictObject({ approval: ApprovalId }),
  'action.unverified': z.strictObject({ approval: ApprovalId, reason: Reason }),
  'action.undone': z.strictObject({ approval: ApprovalId, complete: z.boolean(), reason: Reason.nullable() }),
  'freeze.set': z.strictObject({ on: z.boolean(), by: Name }),
  'off.set': z.strictObject({ on: z.boolean(), by: Name }),
} as const;
