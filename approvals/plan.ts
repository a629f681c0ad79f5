import { z } from 'zod';
import { taggedHash } from '#core/hash.ts';
import { ApprovalId, CallId, Digest, IncidentId, PersonId, RunId, ServiceId, SessionKey } from '#core/ids.ts';
import { DeployRef, ServiceRef } from '#incidents/refs.ts';
import { Cause, Decimal, SignalName, Tier } from '#incidents/vocabulary.ts';

/** Text that a driver observed and that people are shown: a version, a command. Printable, short, never followed. */
const Observed = z
  .string()
  .max(300)
  .regex(/^[\x20-\x7e]*$/);

/** The finite set of changes: every argument is a reference or a bounded integer. */
export const Change = z.union([
  z.strictObject({ tool: z.literal('service_restart'), target: ServiceRef }),
  z.strictObject({ tool: z.literal('service_rollback'), target: ServiceRef, to: DeployRef }),
  z.strictObject({
    tool: z.literal('service_scale'),
    target: ServiceRef,
    replicas: z.int().min(1).max(1000),
  }),
]);
export type Change = z.infer<typeof Change>;
export type ChangeTool = Change['tool'];

/** What the backend says the change would do; compared again when the approval is claimed. */
export const Preview = z.strictObject({
  before: z.strictObject({ version: Observed, replicas: z.int().min(0) }),
  after: z.strictObject({ version: Observed, replicas: z.int().min(0) }),
  /** Instances that are stopped or started. */
  instances: z.int().min(0),
});
export type Preview = z.infer<typeof Preview>;

/** The thing that is changed, pinned: another uid or generation at claim time means that it is not the same any more. */
export const Target = z.strictObject({
  ref: ServiceRef,
  service: ServiceId,
  environment: z.string().max(60),
  uid: Observed,
  generation: z.int().min(0),
});
export type Target = z.infer<typeof Target>;

/** The call that takes a change back: to an exact version or replica count, as the dry run saw it. */
export const Undo = z.union([
  z.strictObject({ tool: z.literal('service_rollback'), version: Observed }),
  z.strictObject({ tool: z.literal('service_scale'), replicas: z.int().min(1).max(1000) }),
]);
export type Undo = z.infer<typeof Undo>;

export const Step = z.strictObject({
  tool: z.enum(['service_restart', 'service_rollback', 'service_scale']),
  toolVersion: z.int().min(1),
  tier: Tier,
  change: Change,
  target: Target,
  preview: Preview,
  undo: Undo.nullable(),
  /** Services that can feel it: the target and its callers. */
  touches: z.array(ServiceId).max(64),
  deadlineMs: z.int().min(1),
  /** The same change by hand, for a person. */
  manual: Observed,
});
export type Step = z.infer<typeof Step>;

/** When the plan counts as having helped: `samples` in a row inside the band, within the window. */
export const Verification = z.strictObject({
  service: ServiceId,
  signal: SignalName,
  low: Decimal,
  high: Decimal,
  samples: z.int().min(1).max(100),
  everyMs: z.int().min(1),
  windowMs: z.int().min(1),
});
export type Verification = z.infer<typeof Verification>;

/** Ordered steps that people decide on as one; everything in it is inside the hash. */
export const Plan = z.strictObject({
  v: z.literal(1),
  approval: ApprovalId,
  incident: IncidentId,
  session: SessionKey,
  run: RunId,
  /** Everybody who asked for any of its steps, sorted; nobody = the agents' idea. */
  requestedBy: z.array(PersonId),
  service: ServiceId,
  environment: z.string().max(60),
  cause: Cause,
  confidence: z.int().min(0).max(100),
  evidence: z.array(CallId).max(8),
  tier: Tier,
  steps: z.array(Step).min(1).max(5),
  verification: Verification,
  policyVersion: Digest,
  inventoryVersion: Digest,
  createdAt: z.int(),
  expiresAt: z.int(),
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
});
export type Plan = z.infer<typeof Plan>;

/** What an approval binds: SHA-256 over a domain tag and the canonical form of the whole plan. */
export function planHash(plan: Plan): Digest {
  return taggedHash('firebreak/plan/v1', plan);
}
