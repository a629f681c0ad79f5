import type { Digest } from '#core/ids.ts';
import type { AgentRole, Mode, Tier } from '#incidents/vocabulary.ts';

/** A rule of the policy: which changes it speaks of and what it says. `*` stands for every service or environment. */
export type PolicyRule = {
  readonly tools: readonly string[];
  readonly environments: readonly string[];
  readonly services: readonly string[];
  readonly answer: 'ask' | 'deny';
};
export type Policy = { readonly version: Digest; readonly rules: readonly PolicyRule[] };

/** Conditions that stop changes, whatever the rules say. */
export type StopFlags = {
  /** Somebody switched everything off. */
  readonly off: boolean;
  /** A change freeze is on. */
  readonly frozen: boolean;
  /** The log has not been verified since the start, or did not verify. */
  readonly unverified: boolean;
  /** The wall clock jumped back by more than 5 s. */
  readonly clockJumped: boolean;
  /** The log holds entries that this version does not understand. */
  readonly unreadLog: boolean;
};

export type PolicyQuestion = {
  readonly caller: AgentRole | 'system' | 'person';
  readonly tool: string;
  readonly tier: Tier;
  readonly service: string;
  readonly environment: string;
  readonly mode: Mode;
  /** `undo` = the pre-approved undo of a change that was started. */
  readonly purpose: 'change' | 'undo';
  readonly flags: StopFlags;
};

export type DenyReason =
  | 'off'
  | 'frozen'
  | 'log_unverified'
  | 'clock_jumped'
  | 'unread_log'
  | 'caller_not_allowed'
  | 'policy_denied'
  | 'mode_observe';
export type Verdict =
  | { kind: 'allow' }
  /** People decide: so many different ones, of which an owner of the target where `owner`. */
  | { kind: 'ask'; approvers: 1 | 2; owner: boolean }
  /** The proposal is recorded, no buttons (`observe`), or shown with the command to run by hand (`propose`). */
  | { kind: 'record' }
  | { kind: 'deny'; reason: DenyReason };

/**
 * Who may do what, as one pure function: reads and notes run; a change is refused by any stop flag first, then by its
 * caller, then by the rules (deny wins, no matching rule denies), and only in mode `act` are people asked.
 */
export function evaluate(policy: Policy, question: PolicyQuestion): Verdict {
  if (question.tier === 'R0' || question.tier === 'R1') return { kind: 'allow' };
  const stopped = stopReason(question);
  if (stopped !== undefined) return { kind: 'deny', reason: stopped };
  if (question.caller !== 'remediation') return { kind: 'deny', reason: 'caller_not_allowed' };
  const rules = policy.rules.filter((rule) => matches(rule, question));
  if (rules.length === 0 || rules.some((rule) => rule.answer === 'deny'))
    return { kind: 'deny', reason: 'policy_denied' };
  if (question.mode !== 'act') {
    return question.purpose === 'undo' ? { kind: 'deny', reason: 'mode_observe' } : { kind: 'record' };
  }
  return question.tier === 'R3'
    ? { kind: 'ask', approvers: 2, owner: true }
    : { kind: 'ask', approvers: 1, owner: false };
}

function stopReason({ flags, purpose }: PolicyQuestion): DenyReason | undefined {
  if (flags.off) return 'off';
  if (flags.frozen && purpose !== 'undo') return 'frozen';
  if (flags.unverified) return 'log_unverified';
  if (flags.clockJumped) return 'clock_jumped';
  if (flags.unreadLog) return 'unread_log';
  return undefined;
}

function matches(rule: PolicyRule, question: PolicyQuestion): boolean {
  const covers = (list: readonly string[], value: string) => list.includes('*') || list.includes(value);
  return (
    rule.tools.includes(question.tool) &&
    covers(rule.environments, question.environment) &&
    covers(rule.services, question.service)
  );
}
