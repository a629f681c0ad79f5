import type { AfterEndRefusal } from '#approvals/after-end.ts';
import type { Approval } from '#approvals/approval.ts';
import type { DecisionRefusal } from '#approvals/decision.ts';
import type { ChangeTool } from '#approvals/plan.ts';
import { targetsOf } from '#approvals/plan-targets.ts';
import { unreachable } from '#core/errors.ts';
import { PersonId } from '#core/ids.ts';
import { approvalWords, plainReason } from '#views/words.ts';
import { quoted } from '../inert.ts';
import type { Decided } from '../ports.ts';
import { list, timeOf, words } from './text.ts';

/** How answers name people and write times. */
export type Told = {
  readonly zone: string;
  readonly nameOf: (person: PersonId) => string;
  /** Names of the people who may decide. */
  readonly deciders: readonly string[];
  /** What keeps changes from starting, in words; null where it is not a stop of people. */
  readonly stopped: string | null;
};

const DONE: Readonly<Record<ChangeTool, string>> = {
  service_rollback: 'rolled back',
  service_restart: 'restarted',
  service_scale: 'scaled',
  node_cordon: 'cordoned',
  alert_silence: 'silenced',
  operator_action: 'run',
};

/** A decision that counts, in one sentence; `complete` = with it enough people agree. */
export function countedLine(decision: Decided['decision'], approval: Approval, complete: boolean): string {
  switch (decision) {
    case 'approve':
      return complete
        ? `${approval.id} is approved. It starts now.`
        : `Your yes to ${approval.id} counts. One more person is needed.`;
    case 'deny':
      return `${approval.id} is denied. Nothing is done.`;
    case 'revoke':
      return `The approval of ${approval.id} is taken back. Nothing more is started.`;
    case 'again':
      return `Everything is read anew. A new proposal comes if one still fits; ${approval.id} stays as it ended.`;
    default:
      return unreachable(decision);
  }
}

/** Why a click did not count, with how it truly stands: `Already rolled back by Bob at 03:14 (#58). Nothing was done now.` */
export function refusedLine(
  reason: DecisionRefusal | AfterEndRefusal,
  approval: Approval | null,
  told: Told,
): string {
  if (approval === null) return 'This proposal is not known any more. Nothing was done now.';
  return `${whyNot(reason, approval, told)} Nothing was done now.`;
}

function whyNot(reason: DecisionRefusal | AfterEndRefusal, approval: Approval, told: Told): string {
  const { id, plan } = approval;
  switch (reason) {
    case 'not_found':
      return 'This proposal is not known any more.';
    case 'not_pending':
    case 'not_over':
    case 'not_quarantined':
      return standsLine(approval, told);
    case 'expired':
      return `The time for ${id} was over at ${timeOf(plan.expiresAt, told.zone)}.`;
    case 'other_plan':
      return `That card does not show what ${id} proposes; look at its newest card.`;
    case 'not_allowed':
      return `Your role may not decide on ${id}; ask ${list(told.deciders) || 'an owner to add an approver'}.`;
    case 'already_decided':
      return `You said yes to ${id} before; a second person must.`;
    case 'requester':
      return `You asked for ${id} yourself; somebody else must approve it.`;
    case 'target_not_typed':
      return `That is not what ${id} changes; type ${typedNames(plan)}.`;
    case 'stopped':
      return told.stopped ?? `Changes are frozen or everything is off; ${id} cannot be approved now.`;
    case 'incident_closed':
      return `${plan.incident} is closed, paused, or somebody has taken it.`;
    default:
      return unreachable(reason);
  }
}

/** As code, in which no sign is a look-alike: what is copied from here is what must be typed. */
function typedNames(plan: Approval['plan']): string {
  return targetsOf(plan)
    .map((name) => quoted(name))
    .join(' ');
}

/** How it truly stands, for somebody who came late. */
function standsLine(approval: Approval, { zone, nameOf }: Told): string {
  const { id, state, decisions, at, seq, reason, plan } = approval;
  const when = (time: number) => timeOf(time, zone);
  const yes = decisions.at(-1);
  const people = [...new Set(decisions.map(({ by }) => words(nameOf(by), 80)))].join(' and ');
  const by = yes === undefined ? '' : ` by ${people} at ${when(yes.at)}`;
  const why = reason === null ? '' : `: ${words(plainReason(reason), 120)}`;
  switch (state) {
    case 'succeeded':
    case 'verified':
      return `Already ${DONE[plan.steps[0]?.tool ?? 'service_restart']}${by} (#${seq}).`;
    case 'approved':
    case 'claimed':
    case 'started':
    case 'halted':
    case 'unknown':
      return `Already approved${by}; ${approvalWords(state)} (#${seq}).`;
    case 'rejected':
    case 'revoked':
      return `Already ${approvalWords(state)} by ${words(byOf(reason, nameOf), 80)} at ${when(at)} (#${seq}).`;
    case 'pending':
      return `${id} still waits for a decision (#${seq}).`;
    default:
      return `${id}${by === '' ? '' : ` was approved${by}`}: ${approvalWords(state)} at ${when(at)}${why} (#${seq}).`;
  }
}

/** The entry that denied or revoked it kept who did as its reason. */
function byOf(reason: string | null, nameOf: Told['nameOf']): string {
  const person = PersonId.safeParse(reason);
  return person.success ? nameOf(person.data) : 'somebody';
}
