import { z } from 'zod';
import { clusterCauses } from './cluster-causes.ts';
import { postgresCauses } from './postgres-causes.ts';

/** Impact as paging systems use it, worst first. */
export const Severity = z.enum(['critical', 'error', 'warning', 'info']);
export type Severity = z.infer<typeof Severity>;

/** The worse of two. */
export function worse(one: Severity, other: Severity): Severity {
  return Severity.options.indexOf(one) <= Severity.options.indexOf(other) ? one : other;
}

/** The four agents; nothing else can be spawned. */
export const AgentRole = z.enum(['coordinator', 'monitor', 'diagnosis', 'remediation']);
export type AgentRole = z.infer<typeof AgentRole>;

/** What the system may do to a service: record the proposal, offer the manual command, or act once approved. */
export const Mode = z.enum(['observe', 'propose', 'act']);
export type Mode = z.infer<typeof Mode>;

/** Risk of a tool: read; note (no production effect); change (reversible, one target); wide change. */
export const Tier = z.enum(['R0', 'R1', 'R2', 'R3']);
export type Tier = z.infer<typeof Tier>;

/** The signals of a service that tools can ask for; a driver computes each from its own telemetry. */
export const SignalName = z.enum([
  'error_ratio', // share of requests that fail, 0..1
  'latency_p95', // milliseconds
  'request_rate', // requests per second that arrive
  'saturation', // requests in flight / what the instances can hold, 0..1
  'memory_use', // resident memory / limit, of the worst instance, 0..1
  'instances_up', // instances that answer the scrape
]);
export type SignalName = z.infer<typeof SignalName>;

/** Causes that show in the signals of one service. */
export const ServiceCause = z.enum(['bad_deploy', 'memory_leak', 'stuck_pool', 'instance_down', 'overload']);
export type ServiceCause = z.infer<typeof ServiceCause>;

/** Causes that the product can name; `unknown` means that it abstains. */
export const Cause = z.enum([...ServiceCause.options, ...clusterCauses, ...postgresCauses, 'unknown']);
export type Cause = z.infer<typeof Cause>;

/** How sure a diagnosis is; computed, never taken from a model. */
export const DiagnosisOutcome = z.enum(['confirmed', 'likely', 'inconclusive', 'healthy']);
export type DiagnosisOutcome = z.infer<typeof DiagnosisOutcome>;

/** How an incident ended. */
export const Resolution = z.enum(['recovered', 'by_hand', 'nothing_wrong', 'duplicate', 'handed_over']);
export type Resolution = z.infer<typeof Resolution>;

/** Why people are asked to take over. */
export const EscalationReason = z.enum([
  'inconclusive', // no cause stood out
  'no_safe_action', // a cause, but no action that policy allows
  'not_recovered', // the action did not bring the signal back; it was undone
  'action_failed', // the action failed or its effect is unknown
  'denied', // a person said no
  'cause_refuted', // a person says that the named cause is wrong
  'expired', // nobody decided in time
  'unknown_service', // the page names a service that the config does not have
  'agent_failed', // an agent ran out of budget or time, or broke its contract
  'log_damaged', // the log of it was tampered with; what was decided before does not count
  'own_finding', // it is about Firebreak itself: no agent works on it
]);
export type EscalationReason = z.infer<typeof EscalationReason>;

/** A number with decimals as the log stores it: `"0.0023"`. The canonical encoding knows integers only. */
export const Decimal = z.string().regex(/^-?\d{1,15}(\.\d{1,6})?$/, 'not a decimal');
export type Decimal = z.infer<typeof Decimal>;

/** Rounds to at most 6 decimals, as the log stores numbers; not a finite number gives `undefined`. */
export function decimal(value: number): Decimal | undefined {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e15) return undefined;
  const text = value.toFixed(6).replace(/\.?0+$/, '');
  return text === '-0' ? '0' : text;
}
