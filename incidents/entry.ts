import { z } from 'zod';
import type { Actor, Entry, EntryDraft, PayloadDraft } from '#audit/log.ts';
import type { JsonObject } from '#core/canonical.ts';
import { FirebreakError } from '#core/errors.ts';
import {
  ApprovalId,
  CallId,
  Digest,
  type IncidentId,
  PersonId,
  RunId,
  ServiceId,
  SessionKey,
} from '#core/ids.ts';
import { Alert } from './alert.ts';
import { Brief, Report, Wake } from './reports.ts';
import { AgentRole, Decimal, EscalationReason, Mode, Resolution, Severity, Tier } from './vocabulary.ts';

/** Closed-list reasons are lower-case words; a reader of an older log may meet one it does not know. */
const Reason = z.string().regex(/^[a-z][a-z0-9_]{0,59}$/);
const Name = z.string().max(120);
const Millis = z.int().min(0);
const Json = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);
/** The alert without its free text, which lies in a payload. */
const AlertFacts = Alert.omit({ summary: true });

/**
 * The list of facts that the system can state: kind -> body. Everything that decides is in the body; content (prompts,
 * tool results, messages) is in encrypted payloads that no fold reads.
 */
export const entryBodies = {
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
  'delivery.received': z.strictObject({
    source: Name,
    key: Digest,
    alerts: z.int(),
    bytes: z.int(),
    via: z.enum(['webhook', 'poll', 'watch']),
  }),
  'delivery.refused': z.strictObject({
    source: Name,
    reason: Reason,
    peer: Name,
    bytes: z.int(),
    correlation: Name,
  }),
  'incident.opened': z.strictObject({
    alert: AlertFacts,
    group: Name,
    service: ServiceId.nullable(),
    environment: Name,
    owner: Name,
    severity: Severity,
    mode: Mode,
    reason: Reason,
  }),
  'alert.joined': z.strictObject({ alert: AlertFacts, reason: Reason }),
  'alert.suppressed': z.strictObject({ alert: AlertFacts, reason: Reason }),
  'alert.cleared': z.strictObject({ fingerprint: Digest, source: Name }),
  'incident.taken': z.strictObject({ by: PersonId }),
  'incident.escalated': z.strictObject({ reason: EscalationReason, missing: z.array(Name).max(12) }),
  'incident.resolved': z.strictObject({ resolution: Resolution, by: Name }),
  'incident.reopened': z.strictObject({ reason: Reason }),
  'incident.noted': z.strictObject({ by: Name, chars: z.int() }),

  'session.spawned': z.strictObject({
    session: SessionKey,
    role: AgentRole,
    parent: SessionKey.nullable(),
    allowlist: z.array(Name).max(40),
    limits: z.strictObject({ wallMs: z.int(), modelCalls: z.int(), toolCalls: z.int() }),
    brief: Brief.nullable(),
    prompt: Digest,
  }),
  'run.started': z.strictObject({
    session: SessionKey,
    run: RunId,
    role: AgentRole,
    wake: Wake.nullable(),
    deadline: Millis,
  }),
  'turn.replied': z.strictObject({
    session: SessionKey,
    run: RunId,
    turn: z.int(),
    model: Name,
    mode: z.enum(['rules', 'model']),
    stop: Reason,
    calls: z.int(),
    inputTokens: z.int(),
    outputTokens: z.int(),
    usdMicros: z.int(),
  }),
  'run.settled': z.strictObject({
    session: SessionKey,
    run: RunId,
    role: AgentRole,
    outcome: z.enum([
      'reported',
      'yielded',
      'failed',
      'timed_out',
      'cancelled',
      'interrupted',
      'budget_exceeded',
      'loop',
    ]),
    reason: Reason.nullable(),
    report: Report.nullable(),
    droppedClaims: z.int(),
  }),

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
  'approval.withdrawn': z.strictObject({ approval: ApprovalId, reason: Reason }),
  'approval.superseded': z.strictObject({ approval: ApprovalId, by: ApprovalId }),
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
  'action.sampled': z.strictObject({
    approval: ApprovalId,
    call: CallId,
    value: Decimal.nullable(),
    inBand: z.boolean(),
  }),
  'action.verified': z.strictObject({ approval: ApprovalId, samples: z.int() }),
  'action.unverified': z.strictObject({ approval: ApprovalId, reason: Reason }),
  'action.undone': z.strictObject({ approval: ApprovalId, complete: z.boolean(), reason: Reason.nullable() }),

  'freeze.set': z.strictObject({ on: z.boolean(), by: Name }),
  'off.set': z.strictObject({ on: z.boolean(), by: Name }),
} as const;

export type EntryKind = keyof typeof entryBodies;
export type BodyOf<K extends EntryKind> = z.infer<(typeof entryBodies)[K]>;
/** An entry whose kind and body this reader knows. */
export type Fact = { [K in EntryKind]: { kind: K; body: BodyOf<K>; entry: Entry } }[EntryKind];

export type FactContext = {
  readonly actor: Actor;
  readonly traceId: string;
  readonly incident?: IncidentId;
  readonly session?: SessionKey;
  /** Streams whose version this entry raises; only what decisions must not miss. */
  readonly streams?: readonly string[];
  readonly payloads?: readonly PayloadDraft[];
};

/** A typed draft for the log. A body that its own readers would not understand is a bug and throws here, before anything is written. */
export function fact<K extends EntryKind>(kind: K, body: BodyOf<K>, context: FactContext): EntryDraft {
  const readable = entryBodies[kind].safeParse(body);
  if (!readable.success) throw new FirebreakError('bug', `${kind}: ${z.prettifyError(readable.error)}`);
  return {
    kind,
    body: body as JsonObject,
    actor: context.actor,
    traceId: context.traceId,
    streams: context.streams ?? [],
    ...(context.incident === undefined ? {} : { incidentId: context.incident }),
    ...(context.session === undefined ? {} : { sessionId: context.session }),
    ...(context.payloads === undefined ? {} : { payloads: context.payloads }),
  };
}

/** Reads an entry as a fact; `undefined` for a kind or body this reader does not know (it must then stop claiming). */
export function readFact(entry: Entry): Fact | undefined {
  if (!Object.hasOwn(entryBodies, entry.kind)) return undefined;
  const kind = entry.kind as EntryKind;
  const body = entryBodies[kind].safeParse(entry.body);
  return body.success ? ({ kind, body: body.data, entry } as Fact) : undefined;
}

export const incidentStream = (id: IncidentId): string => `incident:${id}`;
export const targetStream = (ref: string): string => `target:${ref}`;
export const stopStream = 'stop';
/** Counts incidents and approvals of a log, so that two openers cannot take one number. */
export const countStream = (what: 'incident' | 'approval'): string => `count:${what}`;
/** All approvals, their decisions and claims. */
export const approvalStream = (id: ApprovalId): string => `approval:${id}`;
/** One run: version 0 while it lasts, 1 once it has settled, 2 once its coordinator was told. */
export const runStream = (id: RunId): string => `run:${id}`;

export const SYSTEM: Actor = { kind: 'system', id: 'firebreak' };
