import type { Approval } from '#approvals/approval.ts';
import type { DecisionRefusal } from '#approvals/decision.ts';
import { unreachable } from '#core/errors.ts';
import { inert } from '#core/inert.ts';
import type { ApprovalCard } from './approval-card.ts';
import type { Screen } from './incident-text.ts';
import { table } from './table.ts';
import { hourMinute, until } from './time.ts';
import { approvalWords, plainReason } from './words.ts';

/** How an approval stands: what may change after its card was made. */
export type ApprovalStanding = Pick<
  Approval,
  'id' | 'hash' | 'state' | 'reason' | 'mode' | 'requestedAt' | 'at' | 'decisions'
>;
/** A proposal with its card, as lists and single views give it. */
export type ApprovalView = { readonly approval: ApprovalStanding; readonly card: ApprovalCard };

/** What became of a person's decision. */
export type DecisionAnswer =
  | { readonly kind: 'decided'; readonly approval: ApprovalStanding; readonly complete: boolean }
  | {
      readonly kind: 'refused';
      readonly reason: DecisionRefusal;
      readonly approval: ApprovalStanding | null;
    };

/** One sentence: how it stands, who decided and when. `already` is for an answer to somebody who came later. */
export function standingLine(approval: ApprovalStanding, zone: string, already = false): string {
  const { id, state, decisions, reason, mode, at } = approval;
  const was = `${id} was ${already ? 'already ' : ''}`;
  const people = decisions
    .map((decision) => `${decision.by} at ${hourMinute(decision.at, zone)}`)
    .join(' and ');
  switch (state) {
    case 'recorded':
      return `${id} is recorded only (mode ${mode}): nobody is asked; the card has the command to run by hand`;
    case 'pending':
      return people === ''
        ? `${id} waits for a decision`
        : `${was}approved by ${people}; one more person is needed`;
    case 'approved':
      return `${was}approved by ${people}`;
    case 'rejected':
    case 'revoked':
      return `${was}${approvalWords(state)}${reason === null ? '' : ` by ${inert(reason)}`} at ${hourMinute(at, zone)}`;
    default: {
      const why = reason === null ? '' : ` (${plainReason(inert(reason))})`;
      return `${people === '' ? `${id}: ` : `${was}approved by ${people}; `}${approvalWords(state)}${why}`;
    }
  }
}

/** The truth about a decision that was just made, in one or two lines; `wanted` is what the person asked for. */
export function decisionLines(
  answer: DecisionAnswer,
  { id, wanted, zone }: { id: string; wanted: 'approve' | 'deny' | 'revoke'; zone: string },
): string[] {
  if (answer.kind === 'decided') {
    const done = {
      approve: answer.complete
        ? `approved ${id}; it starts now`
        : `your yes to ${id} counts; one more person is needed`,
      deny: `denied ${id}; nothing is done`,
      revoke: `took back the approval of ${id}; nothing is done`,
    };
    return [done[wanted]];
  }
  return [`${refusalLine(answer, id, zone)}. Nothing was done now.`];
}

function refusalLine(
  { reason, approval }: Extract<DecisionAnswer, { kind: 'refused' }>,
  id: string,
  zone: string,
): string {
  switch (reason) {
    case 'not_found':
      return `there is no ${id}`;
    case 'not_pending':
      return approval === null ? `${id} is not open any more` : standingLine(approval, zone, true);
    case 'other_plan':
      return `${id} is not what you were shown; look again: firebreak approvals show ${id}`;
    case 'not_allowed':
      return `your role may not decide on ${id}; ask an approver or an owner`;
    case 'expired':
      return `the time for ${id} is over`;
    case 'already_decided':
      return `you said yes to ${id} before; a second person must`;
    case 'requester':
      return `you asked for ${id} yourself; somebody else must approve it`;
    case 'target_not_typed':
      return `${id} needs the name of what it changes, typed: --typed NAME`;
    case 'stopped':
      return `${id} cannot be approved while changes are frozen or everything is off`;
    default:
      return unreachable(reason);
  }
}

/** A list of approvals for a terminal: what waits comes first and says what happens if nobody answers. */
export function renderApprovalList(views: readonly ApprovalView[], { now, zone }: Screen): string[] {
  if (views.length === 0) return ['no approvals'];
  const rank = ({ approval }: ApprovalView) => (approval.state === 'pending' ? 0 : 1);
  const sorted = views.toSorted(
    (a, b) => rank(a) - rank(b) || b.approval.requestedAt - a.approval.requestedAt,
  );
  const cells = sorted.map(({ approval, card }) => [
    approval.id,
    card.incident,
    approval.state,
    approval.state === 'pending' ? until(card.expiresAt, { now, zone }) : hourMinute(approval.at, zone),
    card.title,
  ]);
  const waits = sorted.some(({ approval }) => approval.state === 'pending');
  return [
    ...table(['approval', 'incident', 'state', 'until', 'what'], cells),
    ...(waits ? ['If nobody answers in time, nothing is done.'] : []),
  ];
}
