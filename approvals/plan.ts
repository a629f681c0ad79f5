import { z } from 'zod';
import { taggedHash } from '#core/hash.ts';
import { ApprovalId, CallId, Digest, IncidentId, PersonId, RunId, ServiceId, SessionKey } from '#core/ids.ts';
import { ActionParams } from '#incidents/operator-action.ts';
import { ActionRef, AlertRef, DeployRef, NodeRef, ServiceRef } from '#incidents/refs.ts';
import { Cause, Decimal, SignalName, Tier } from '#incidents/vocabulary.ts';

/** Text that a driver observed and that people are shown: a version, a command. Printable, short, never followed. */
const Observed = z
  .string()
  .max(300)
  .regex(/^[\x20-\x7e]*$/);

/** Changes of what runs a service. */
export const ServiceChange = z.union([
  z.strictObject({ tool: z.literal('service_restart'), target: ServiceRef }),
  z.strictObject({ tool: z.literal('service_rollback'), target: ServiceRef, to: DeployRef }),
  z.strictObject({
    tool: z.literal('service_scale'),
    target: ServiceRef,
    replicas: z.int().min(1).max(1000),
  }),
]);
export type ServiceChange = z.infer<typeof ServiceChange>;

/** A silence lasts no longer. */
export const MOST_SILENT_MINUTES = 120;

/** Changes of something else, for the sake of a service: its owner, its mode and its rules decide. */
const NodeChange = z.strictObject({
  tool: z.literal('node_cordon'),
  target: NodeRef,
  service: ServiceRef,
});
const SilenceChange = z.strictObject({
  tool: z.literal('alert_silence'),
  target: AlertRef,
  service: ServiceRef,
  minutes: z.int().min(1).max(MOST_SILENT_MINUTES),
});
const ActionChange = z.strictObject({
  tool: z.literal('operator_action'),
  target: ActionRef,
  service: ServiceRef,
  params: ActionParams,
});

/** The finite set of changes: every argument is a reference, a bounded integer, or a word that the config lists. */
export const Change = z.union([...ServiceChange.options, NodeChange, SilenceChange, ActionChange]);
export type Change = z.infer<typeof Change>;
export type ChangeTool = Change['tool'];

/** What the backend says the change would do; compared again when the approval is claimed. */
export const ServicePreview = z.strictObject({
  before: z.strictObject({ version: Observed, replicas: z.int().min(0) }),
  after: z.strictObject({ version: Observed, replicas: z.int().min(0) }),
  /** Instances that are stopped or started. */
  instances: z.int().min(0),
});
export type ServicePreview = z.infer<typeof ServicePreview>;

/** The labels that a silence goes by, all of them those of the alert. */
const SilencePreview = z.strictObject({
  alert: Observed,
  matchers: z
    .array(z.strictObject({ name: Observed, value: Observed }))
    .min(2)
    .max(32),
});

/** What is run, word for word; `program` is the hash of the file that is run, `env` says where each value comes from. */
const Command = z.strictObject({
  argv: z.array(Observed).min(1).max(32),
  program: Digest,
  env: z.array(z.strictObject({ name: Observed, from: Observed })).max(32),
});
export type Command = z.infer<typeof Command>;

/** The command, and the one that would take it back. */
const ActionPreview = Command.extend({ back: Command.nullable() });

/** What an order binds of a command: all of it. */
export function commandHash({ argv, program, env }: Command): Digest {
  return taggedHash('firebreak/command/v1', { argv, program, env });
}

/** The thing that is changed, pinned: another uid or generation at claim time means that it is not the same any more. */
export const Target = z.strictObject({
  ref: z.union([ServiceRef, NodeRef, AlertRef, ActionRef]),
  /** Whose change it is: the target itself, or the service for whose sake something else is changed. */
  service: ServiceId,
  environment: z.string().max(60),
  uid: Observed,
  generation: z.int().min(0),
});
export type Target = z.infer<typeof Target>;

/** The call that takes a change back: to an exact version or replica count, as the dry run saw it. */
export const ServiceUndo = z.union([
  z.strictObject({ tool: z.literal('service_rollback'), version: Observed }),
  z.strictObject({ tool: z.literal('service_scale'), replicas: z.int().min(1).max(1000) }),
]);
export type ServiceUndo = z.infer<typeof ServiceUndo>;

const back = z.literal(true);
const NodeUndo = NodeChange.omit({ target: true }).extend({ back });
const SilenceUndo = SilenceChange.omit({ target: true, minutes: true }).extend({ back });
const ActionUndo = ActionChange.omit({ target: true }).extend({ back });
export type Undo = ServiceUndo | z.infer<typeof NodeUndo | typeof SilenceUndo | typeof ActionUndo>;

const [BackTo, BackToCount] = ServiceUndo.options;
const ofCommand = { command: Digest } as const;
/** What may be sent to be made: a change, or the undo of one. To the exact version, or by the exact command, that people saw. */
export const Ordered = z.union([
  ...ServiceChange.options,
  NodeChange,
  SilenceChange,
  ActionChange.extend(ofCommand),
  BackTo.extend({ target: ServiceRef }),
  BackToCount.extend({ target: ServiceRef }),
  NodeUndo.extend({ target: NodeRef }),
  SilenceUndo.extend({ target: AlertRef }),
  ActionUndo.extend({ target: ActionRef, ...ofCommand }),
]);
export type Ordered = z.infer<typeof Ordered>;
export type ServiceOrder = Extract<Ordered, { tool: ServiceChange['tool'] }>;

const common = {
  toolVersion: z.int().min(1),
  tier: Tier,
  target: Target,
  /** Services that can feel it: the target and its callers. */
  touches: z.array(ServiceId).max(64),
  deadlineMs: z.int().min(1),
  /** The same change by hand, for a person. */
  manual: Observed,
} as const;

const ServiceStep = z.strictObject({
  tool: z.enum(['service_restart', 'service_rollback', 'service_scale']),
  change: ServiceChange,
  preview: ServicePreview,
  undo: ServiceUndo.nullable(),
  ...common,
});
export type ServiceStep = z.infer<typeof ServiceStep>;

/** One change with all that people decide on; which tool makes it says what the rest looks like. */
export const Step = z.discriminatedUnion('tool', [
  ServiceStep,
  z.strictObject({
    tool: z.literal('node_cordon'),
    change: NodeChange,
    preview: z.strictObject({ node: Observed }),
    /** As it was when it was prepared: pods of the service there, and other nodes that take pods. It moves, and is not compared. */
    seen: z.strictObject({ pods: z.int().min(1), others: z.int().min(2) }),
    undo: NodeUndo,
    ...common,
  }),
  z.strictObject({
    tool: z.literal('alert_silence'),
    change: SilenceChange,
    preview: SilencePreview,
    undo: SilenceUndo,
    ...common,
  }),
  z.strictObject({
    tool: z.literal('operator_action'),
    change: ActionChange,
    preview: ActionPreview,
    undo: ActionUndo.nullable(),
    ...common,
  }),
]);
export type Step = z.infer<typeof Step>;

/** When the plan counts as having helped: `samples` in a row inside the band, within the window. */
const SignalVerification = z.strictObject({
  service: ServiceId,
  signal: SignalName,
  low: Decimal,
  high: Decimal,
  samples: z.int().min(1).max(100),
  everyMs: z.int().min(1),
  windowMs: z.int().min(1),
});
export type SignalVerification = z.infer<typeof SignalVerification>;
/** A silence mends nothing: all that can be seen of it is that it is in effect. */
const EffectVerification = z.strictObject({
  inEffect: AlertRef,
  everyMs: z.int().min(1),
  windowMs: z.int().min(1),
});
export const Verification = z.union([SignalVerification, EffectVerification]);
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
