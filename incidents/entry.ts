import { z } from 'zod';
import type { Actor, Entry, EntryDraft, PayloadDraft } from '#audit/log.ts';
import type { JsonObject } from '#core/canonical.ts';
import { FirebreakError } from '#core/errors.ts';
import type { ApprovalId, IncidentId, RunId, SessionKey } from '#core/ids.ts';
import { actionFacts } from './facts/action.ts';
import { authFacts } from './facts/auth.ts';
import { dutyFacts } from './facts/duty.ts';
import { incidentFacts } from './facts/incident.ts';
import { logFacts } from './facts/log.ts';
import { mountFacts } from './facts/mount.ts';
import { peopleFacts } from './facts/people.ts';
import { policyFacts } from './facts/policy.ts';
import { postureFacts } from './facts/posture.ts';
import { secretFacts } from './facts/secrets.ts';
import { sessionFacts } from './facts/session.ts';

/**
 * The list of facts that the system can state: kind -> body. Everything that decides is in the body; content (prompts,
 * tool results, messages) is in encrypted payloads that no fold reads.
 */
export const entryBodies = {
  ...logFacts,
  ...incidentFacts,
  ...sessionFacts,
  ...actionFacts,
  ...policyFacts,
  ...authFacts,
  ...peopleFacts,
  ...dutyFacts,
  ...mountFacts,
  ...secretFacts,
  ...postureFacts,
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
