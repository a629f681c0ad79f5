import { z } from 'zod';
import { Digest, RunId, SessionKey } from '#core/ids.ts';
import { Brief, Report, Wake } from '#incidents/reports.ts';
import { AgentRole } from '#incidents/vocabulary.ts';
import { Millis, Name, Reason } from './fields.ts';

/** Facts about sessions, runs and turns of models: kind -> body. */
export const sessionFacts = {
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
    /** Why it was not the first choice of the role; null when it was. */
    why: Reason.nullable(),
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
} as const;
