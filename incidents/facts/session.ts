import { z } from 'zod';
import { Digest, RunId, SessionKey } from '#core/ids.ts';
import { Brief, Report, Wake } from '#incidents/reports.ts';
import { AgentRole } from '#incidents/vocabulary.ts';
import { Millis, Name, Reason } from './fields.ts';

const Count = z.int().min(0);
const UsdMicros = Count;
const Day = z.iso.date();

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
  /** Before an attempt: what it may cost at most, and the budgets that it was held against. */
  'spend.reserved': z.strictObject({
    id: Name,
    role: Name,
    provider: Name,
    model: Name,
    usdMicros: UsdMicros,
    /** The UTC day that it counts for, `2026-11-01`. */
    day: Day,
    limits: z.strictObject({ incident: UsdMicros, role: UsdMicros.nullable(), day: UsdMicros }),
  }),
  /** After it: what became of it, and what it cost in place of what was reserved. */
  'model.attempted': z.strictObject({
    reservation: Name,
    role: Name,
    provider: Name,
    model: Name,
    outcome: Reason,
    /** Which attempt of its turn, from 1. */
    attempt: z.int(),
    /** Null where the provider did not say: then the cost is all that was reserved, or nothing if it was refused. */
    tokens: z.strictObject({ input: Count, cacheRead: Count, cacheWrite: Count, output: Count }).nullable(),
    usdMicros: UsdMicros,
    reservedUsdMicros: UsdMicros,
    day: Day,
    /** Day of the price row. */
    price: Day,
    latencyMs: Millis,
  }),
  /** A budget is used up by so many percent, what calls under way may cost left out; once for each of 80 and 100. */
  'spend.noticed': z.strictObject({
    scope: z.enum(['incident', 'role', 'day']),
    role: Name.nullable(),
    day: Day,
    percent: z.union([z.literal(80), z.literal(100)]),
    usdMicros: UsdMicros,
    limitUsdMicros: UsdMicros,
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
