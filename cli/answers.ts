import { z } from 'zod';
import { denyReasons } from '#approvals/policy.ts';
import type { TermsChange } from '#approvals/policy-answers.ts';
import { Damage } from '#audit/set-aside.ts';
import { ApprovalId, Digest, IncidentId, PersonId, ServiceId } from '#core/ids.ts';
import { AgentRole, Mode, Severity } from '#incidents/vocabulary.ts';
import type { ApprovalCard } from '#views/approval-card.ts';
import type { ApprovalStanding, ApprovalView, DecisionAnswer } from '#views/approval-standing.ts';
import type { IncidentCard } from '#views/incident-card.ts';
import type { IncidentRow } from '#views/incident-list.ts';
import type { SessionRow } from '#views/session-list.ts';
import { holdReasons, type StatusView } from '#views/status.ts';

/** The answers of the server, as this command reads them. Fields that it does not know are left out. */

const Row = z.object({
  id: z.string(),
  title: z.string(),
  severity: Severity,
  outcome: z.string(),
  environment: z.string(),
  openedAt: z.int(),
  endedAt: z.int().nullable(),
  takenBy: z.string().nullable(),
  open: z.boolean(),
}) satisfies z.ZodType<IncidentRow>;
export const IncidentRows = z.array(Row);

export const StatusAnswer = z.object({
  server: z.object({ version: z.string(), startedAt: z.int(), pid: z.int() }).nullable(),
  ai: z.enum(['rules', 'model']),
  spend: z.object({ usdMicros: z.int(), limitUsdMicros: z.int() }).nullable(),
  failing: z.array(z.object({ provider: z.string(), reason: z.string(), at: z.int() })),
  slackFailing: z.object({ since: z.int(), why: z.string() }).nullable(),
  stops: z.object({
    off: z.boolean(),
    frozen: z.boolean(),
    by: z.string().nullable(),
    at: z.int().nullable(),
  }),
  holds: z.array(z.object({ reason: z.enum(holdReasons), detail: z.string().nullable() })),
  incidents: IncidentRows,
  pending: z.array(
    z.object({
      approval: z.string(),
      incident: z.string(),
      title: z.string(),
      expiresAt: z.int(),
      needs: z.string(),
    }),
  ),
  log: z.object({
    entries: z.int(),
    verified: z.enum(['verified', 'checking', 'bad', 'not_checked']),
    problem: z.string().nullable(),
  }),
  policyWaiting: z.object({ answers: z.int(), people: z.int() }),
  quiet: z.object({
    windows: z.int(),
    held: z.int(),
    flapping: z.int(),
    watchdogs: z.array(z.object({ source: z.string(), silentMs: z.number(), withinMs: z.number() })),
  }),
  mounts: z.array(z.object({ name: z.string(), why: z.string() })),
  secrets: z.array(z.object({ name: z.string(), why: z.string() })),
}) satisfies z.ZodType<StatusView>;

const Texts = z.array(z.string());
export const IncidentAnswer = z.object({
  id: z.string(),
  title: z.string(),
  severity: Severity,
  state: z.enum(['open', 'investigating', 'identified', 'mitigating', 'monitoring', 'resolved']),
  outcome: z.string(),
  service: z.string().nullable(),
  environment: z.string(),
  owner: z.string(),
  mode: Mode,
  paused: z.string().nullable(),
  said: Texts,
  openedAt: z.int(),
  since: z.int().nullable(),
  alerts: Texts,
  wrong: z.array(z.object({ text: z.string(), evidence: Texts })),
  elsewhere: z.array(z.object({ text: z.string(), evidence: Texts })),
  cause: z
    .object({
      word: z.string(),
      text: z.string(),
      for: Texts,
      against: Texts,
      verdict: z.string().nullable(),
    })
    .nullable(),
  before: z.object({ incident: z.string(), at: z.int(), text: z.string() }).nullable(),
  rules: z.string().nullable(),
  droppedClaims: z.int(),
  ruledOut: Texts,
  notSeen: Texts,
  changes: z.array(
    z.object({ approval: z.string(), title: z.string(), became: z.string(), by: Texts, at: z.int() }),
  ),
  takenBy: z.string().nullable(),
  escalated: z.object({ why: z.string(), missing: Texts, at: z.int() }).nullable(),
  resolved: z.object({ how: z.string(), by: z.string(), at: z.int() }).nullable(),
  models: z.object({
    rules: z.int(),
    model: z.int(),
    usdMicros: z.int(),
    limitUsdMicros: z.int().nullable(),
    fallback: z.object({ turns: z.int(), by: z.string(), why: z.string() }).nullable(),
    roles: z.array(
      z.object({
        role: z.string(),
        attempts: z.int(),
        failed: z.int(),
        inputTokens: z.int(),
        outputTokens: z.int(),
        usdMicros: z.int(),
      }),
    ),
  }),
  next: z.object({ text: z.string(), until: z.int().nullable() }),
  asks: z.object({ people: Texts, at: z.int() }).nullable(),
  timeline: z.array(
    z.object({
      at: z.int(),
      who: z.string(),
      what: z.string(),
      ref: z.string(),
      figure: z.string(),
      quiet: z.boolean(),
    }),
  ),
}) satisfies z.ZodType<IncidentCard>;

const Card = z.object({
  v: z.literal(1),
  approval: z.string(),
  incident: z.string(),
  hash: z.string(),
  title: z.string(),
  tier: z.enum(['change', 'wide change']),
  steps: z.array(z.object({ title: z.string(), effect: z.string(), undo: z.string(), manual: z.string() })),
  touches: z.string(),
  check: z.string(),
  why: z.string(),
  evidence: Texts,
  needs: z.string(),
  typed: z.string(),
  expiresAt: z.int(),
}) satisfies z.ZodType<ApprovalCard>;

const Standing = z.object({
  id: ApprovalId,
  hash: Digest,
  state: z.enum([
    'recorded',
    'pending',
    'approved',
    'rejected',
    'expired',
    'withdrawn',
    'superseded',
    'revoked',
    'claimed',
    'invalidated',
    'started',
    'halted',
    'succeeded',
    'failed',
    'unknown',
    'quarantined',
    'released',
    'verified',
    'unverified',
    'undone',
  ]),
  reason: z.string().nullable(),
  mode: Mode,
  requestedAt: z.int(),
  at: z.int(),
  decisions: z.array(z.object({ by: PersonId, at: z.int(), via: z.string(), roles: z.array(z.string()) })),
}) satisfies z.ZodType<ApprovalStanding>;

export const ApprovalAnswer = z.object({ approval: Standing, card: Card }) satisfies z.ZodType<ApprovalView>;
export const ApprovalAnswers = z.array(ApprovalAnswer);

export const DecisionResult = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('decided'), approval: Standing, complete: z.boolean() }),
  z.object({
    kind: z.literal('refused'),
    reason: z.enum([
      'not_found',
      'not_pending',
      'other_plan',
      'not_allowed',
      'expired',
      'already_decided',
      'requester',
      'target_not_typed',
      'stopped',
    ]),
    approval: Standing.nullable(),
  }),
]) satisfies z.ZodType<DecisionAnswer>;

export const ReleaseAnswer = z.object({
  approval: ApprovalId,
  by: PersonId,
  effect: z.enum(['happened', 'did_not_happen']),
});
export const AgainAnswer = z.object({ approval: ApprovalId, by: PersonId });

export const DamageAnswer = z.object({ damage: Damage.nullable(), old: Digest.nullable() });

/** What was set; the other switch is left out. */
export const StopAnswer = z.object({ freeze: z.boolean().optional(), off: z.boolean().optional() });
export const SessionRows = z.array(
  z.object({
    key: z.string(),
    role: z.string(),
    incident: z.string(),
    state: z.string(),
    runs: z.int(),
    startedAt: z.int().nullable(),
  }),
) satisfies z.ZodType<SessionRow[]>;
export const TriageAnswer = z.object({ incidents: z.array(IncidentId), alerts: z.int(), skipped: z.int() });

const Answered = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('deny'), reason: z.enum(denyReasons) }),
  z.object({ kind: z.literal('record'), mode: z.enum(['observe', 'propose']) }),
  z.object({ kind: z.literal('ask'), approvers: z.array(PersonId), owners: z.array(PersonId) }),
]);
const Say = z.object({ approves: z.boolean(), owns: z.boolean(), teams: z.array(z.string()) });
/** What the config allows beyond what was accepted. */
export const PolicyAnswer = z.object({
  standing: Digest,
  answers: z.array(
    z.object({
      agent: AgentRole,
      tool: z.string(),
      service: ServiceId,
      environment: z.string(),
      before: Answered.nullable(),
      after: Answered.nullable(),
      wider: z.boolean(),
    }),
  ),
  people: z.array(
    z.object({ person: PersonId, before: Say.nullable(), after: Say.nullable(), wider: z.boolean() }),
  ),
}) satisfies z.ZodType<TermsChange>;
