import type { Digest } from '#core/ids.ts';
import type { AgentRole, Mode, Tier } from '#incidents/vocabulary.ts';
import { type Right, rightOfTier, rightsOf } from './rights.ts';

/** A rule of the policy: which changes it speaks of and what it says. `*` stands for every service or environment. */
export type PolicyRule = {
  readonly tools: readonly string[];
  readonly environments: readonly string[];
  readonly services: readonly string[];
  readonly answer: 'ask' | 'deny';
};
export type Policy = {
  readonly version: Digest;
  readonly rules: readonly PolicyRule[];
  /**
   * How far an owner accepted each tool on each service, by `capKey`; one that is not in it counts as `observe`;
   * `all`: nothing is held back.
   */
  readonly caps: ReadonlyMap<string, Mode> | 'all';
};

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
  /** An earlier log of this data directory was tampered with, and no owner has accepted that yet. */
  readonly tampered: boolean;
};

export type PolicyCaller = AgentRole | 'system' | 'person';

export type PolicyQuestion = {
  readonly caller: PolicyCaller;
  readonly tool: string;
  /** What an owner accepted by itself where a tool is not enough to say what happens; left out = the tool. */
  readonly cell?: string;
  readonly tier: Tier;
  readonly service: string;
  readonly environment: string;
  readonly mode: Mode;
  /** `undo` = the pre-approved undo of a change that was started. */
  readonly purpose: 'change' | 'undo';
  readonly flags: StopFlags;
};

export const denyReasons = [
  'off',
  'frozen',
  'log_unverified',
  'clock_jumped',
  'unread_log',
  'log_tampered',
  'caller_not_allowed',
  'policy_denied',
  'mode_observe',
] as const;
export type DenyReason = (typeof denyReasons)[number];
export type Verdict =
  | { kind: 'allow' }
  /** People decide; how many, and who, `suffice` says. */
  | { kind: 'ask' }
  /** Nobody is asked: the proposal is recorded (`observe`), or also shown with the command to run by hand (`propose`). */
  | { kind: 'record'; mode: Exclude<Mode, 'act'> }
  | { kind: 'deny'; reason: DenyReason };

/** What each caller may ask for. A change is only ever asked for by remediation; the others look and note. */
const callerRights: Readonly<Record<PolicyCaller, readonly Right[]>> = {
  coordinator: rightsOf['agent:coordinator'],
  monitor: rightsOf['agent:monitor'],
  diagnosis: rightsOf['agent:diagnosis'],
  remediation: rightsOf['agent:remediation'],
  system: ['read', 'note'],
  person: ['read', 'note'],
};
const reach: Readonly<Record<Mode, number>> = { observe: 0, propose: 1, act: 2 };

/** Whether a caller may ask for a call of this tier at all. */
export function isWithinCeiling(caller: PolicyCaller, tier: Tier): boolean {
  return callerRights[caller].includes(rightOfTier[tier]);
}

/** The cell of `Policy.caps` that speaks of one tool, or of one of the operator's actions, on one service. */
export function capKey(service: string, tool: string): string {
  return `${service} ${tool}`;
}

/** The mode that reaches less far. */
export function lowerMode(one: Mode, other: Mode): Mode {
  return reach[one] <= reach[other] ? one : other;
}

/**
 * Who may do what, as one pure function: reads and notes run for whoever may ask for them; a change is refused by any
 * stop flag first, then by its caller, then by the rules (deny wins, no matching rule denies), and only where the mode is
 * `act`, and was accepted as that, are people asked.
 */
export function evaluate(policy: Policy, question: PolicyQuestion): Verdict {
  const { caller, tier, purpose } = question;
  const mayAsk = isWithinCeiling(caller, tier);
  if (tier === 'R0' || tier === 'R1')
    return mayAsk ? { kind: 'allow' } : { kind: 'deny', reason: 'caller_not_allowed' };
  const stopped = stopReason(question);
  if (stopped !== undefined) return { kind: 'deny', reason: stopped };
  if (!mayAsk) return { kind: 'deny', reason: 'caller_not_allowed' };
  const rules = policy.rules.filter((rule) => matches(rule, question));
  if (rules.length === 0 || rules.some((rule) => rule.answer === 'deny'))
    return { kind: 'deny', reason: 'policy_denied' };
  const mode = modeOf(policy, question);
  if (mode !== 'act')
    return purpose === 'undo' ? { kind: 'deny', reason: 'mode_observe' } : { kind: 'record', mode };
  return { kind: 'ask' };
}

function stopReason({ flags, purpose }: PolicyQuestion): DenyReason | undefined {
  if (flags.off) return 'off';
  if (flags.frozen && purpose !== 'undo') return 'frozen';
  if (flags.unverified) return 'log_unverified';
  if (flags.clockJumped) return 'clock_jumped';
  if (flags.unreadLog) return 'unread_log';
  if (flags.tampered) return 'log_tampered';
  return undefined;
}

function modeOf({ caps }: Policy, { service, tool, cell = tool, mode }: PolicyQuestion): Mode {
  return caps === 'all' ? mode : lowerMode(mode, caps.get(capKey(service, cell)) ?? 'observe');
}

function matches(rule: PolicyRule, question: PolicyQuestion): boolean {
  const covers = (list: readonly string[], value: string) => list.includes('*') || list.includes(value);
  return (
    rule.tools.includes(question.tool) &&
    covers(rule.environments, question.environment) &&
    covers(rule.services, question.service)
  );
}
