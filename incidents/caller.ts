import type { IncidentId, PersonId, RunId, SessionKey } from '#core/ids.ts';
import type { AgentRole } from './vocabulary.ts';

/**
 * Who makes a tool call. An agent's allowlist was frozen when its session was spawned; `budget` is the run's shared
 * counter and `signal` aborts when the run must stop.
 */
export type AgentCaller = {
  readonly kind: 'agent';
  readonly role: AgentRole;
  readonly incident: IncidentId;
  readonly session: SessionKey;
  readonly run: RunId;
  readonly allowlist: readonly string[];
  readonly budget: RunBudget;
  readonly signal: AbortSignal;
};
/** The product's own code: posts, verification samples, start-up settling. Never more than tier R1 of its own accord. */
export type SystemCaller = { readonly kind: 'system'; readonly incident: IncidentId };
export type PersonCaller = {
  readonly kind: 'person';
  readonly id: PersonId;
  readonly incident: IncidentId;
  /** The request that asked for it; left out = what is written belongs to the incident. */
  readonly trace?: string;
};
export type Caller = AgentCaller | SystemCaller | PersonCaller;

/** What is left of a run; counted down where it is spent. */
export type RunBudget = { modelCalls: number; toolCalls: number; deadline: number };
