import type { ApprovalState } from '#approvals/approval.ts';
import { inert } from '#core/inert.ts';
import type { Cause, EscalationReason, Resolution, SignalName } from '#incidents/vocabulary.ts';
import { clusterCauseWords } from './cluster-words.ts';
import { postgresCauseWords } from './postgres-words.ts';

const signals: Readonly<Record<SignalName, string>> = {
  error_ratio: 'errors',
  latency_p95: 'latency (p95)',
  request_rate: 'load',
  saturation: 'busy workers',
  memory_use: 'memory',
  instances_up: 'instances',
};

const causes: Readonly<Record<Cause, string>> = {
  bad_deploy: 'bad deploy of',
  memory_leak: 'memory leak in',
  stuck_pool: 'stuck workers in',
  instance_down: 'instances down in',
  overload: 'overload of',
  ...clusterCauseWords,
  ...postgresCauseWords,
  unknown: 'unknown cause in',
};

const escalations: Readonly<Record<EscalationReason, string>> = {
  inconclusive: 'no cause stood out',
  no_safe_action: 'no action that the policy allows fits the cause',
  not_recovered: 'the change did not bring the signal back',
  action_failed: 'the change failed, or its effect is not known',
  denied: 'a person said no to the proposal',
  cause_refuted: 'a person says that the named cause is wrong',
  expired: 'nobody decided in time',
  unknown_service: 'the page names a service that is not in the config',
  agent_failed: 'an agent ran out of time or budget, or gave no usable answer',
  log_damaged: 'the log was tampered with; what was decided before does not count any more',
  own_finding: 'Firebreak found this in itself or around it; no agent works on it',
};

const resolutions: Readonly<Record<Resolution, string>> = {
  recovered: 'recovered',
  by_hand: 'fixed by hand',
  nothing_wrong: 'nothing was wrong',
  duplicate: 'duplicate',
  handed_over: 'handed over',
};

const approvalStates: Readonly<Record<ApprovalState, string>> = {
  recorded: 'recorded only, nobody is asked',
  pending: 'waits for a decision',
  approved: 'approved',
  rejected: 'denied',
  expired: 'expired, nothing was done',
  withdrawn: 'withdrawn',
  superseded: 'replaced by a newer proposal',
  revoked: 'revoked',
  claimed: 'about to start',
  invalidated: 'not carried out: something changed since it was approved',
  started: 'running',
  halted: 'stopped half way, the signal is being watched',
  succeeded: 'done, the signal is being watched',
  failed: 'failed',
  unknown: 'effect not known',
  quarantined: 'effect not known, a person must look',
  released: 'effect not known, a person looked',
  verified: 'done and verified',
  unverified: 'done, but the signal did not come back',
  undone: 'taken back',
};

export const signalWords = (signal: SignalName): string => signals[signal];
/** `bad deploy of checkout`; `object` is what in its cluster the cause is at: `kubelet is down on worker-1`. */
export const causeWords = (cause: Cause, service: string, object?: string | null): string =>
  `${causes[cause]} ${object == null ? service : object.slice(object.indexOf(':') + 1)}`;
/** `overload`, for lists where the service is known. */
export const causeName = (cause: Cause): string => cause.replaceAll('_', ' ');
export const escalationWords = (reason: EscalationReason): string => escalations[reason];
export const resolutionWords = (resolution: Resolution): string => resolutions[resolution];
export const approvalWords = (state: ApprovalState): string => approvalStates[state];
/** Who did it, as the log names them: `agent:monitor` -> `monitor`. */
export const actorWords = (actor: string): string => inert(actor.slice(actor.indexOf(':') + 1));
const reasons: ReadonlyMap<string, string> = new Map([
  ['duplicate_plan', 'just that waits for people already'],
  ['cause_refuted', 'a person says that the cause is wrong'],
]);
/** A closed-list reason as words: `not_allowed` -> `not allowed`. */
export const plainReason = (reason: string): string => reasons.get(reason) ?? reason.replaceAll('_', ' ');
