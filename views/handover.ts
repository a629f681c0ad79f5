import { type Approval, isUnderWay } from '#approvals/approval.ts';
import { approvalCard } from './approval-card.ts';
import type { CardFace } from './incident-card.ts';
import { hourMinute } from './time.ts';
import { approvalWords } from './words.ts';

/** What the next person must know, as they would ask for it: one line for each. */
export type HandoverNote = { readonly label: string; readonly text: string };

/** The state of an incident for whoever takes it up. Pure; text is inert. */
export function handoverNotes(
  face: CardFace,
  { approvals, zone }: { approvals: readonly Approval[]; zone: string },
): HandoverNote[] {
  const { severity, outcome, cause, ruledOut, notSeen, next, wrong, paused } = face;
  const open = approvals.filter(({ state }) => state === 'pending').map(titleOf);
  const watched = approvals
    .filter(isUnderWay)
    .map((approval) => `${titleOf(approval)}: ${approvalWords(approval.state)}`);
  const until = next.until === null ? '' : ` (until ${hourMinute(next.until, zone)})`;
  const some = (texts: readonly string[], none: string) =>
    texts.length === 0 ? none : texts.slice(0, 6).join(', ');
  return [
    { label: 'State', text: `${severity}, ${outcome}${paused === null ? '' : `, paused by ${paused}`}` },
    {
      label: 'Wrong',
      text: some(
        wrong.map((one) => one.text),
        'nothing that was measured',
      ),
    },
    { label: 'Cause', text: cause === null ? 'not known' : causeLine(cause) },
    { label: 'Ruled out', text: some(ruledOut, 'nothing yet') },
    { label: 'Could not see', text: some(notSeen, 'nothing') },
    { label: 'Waits for a decision', text: some(open, 'nothing') },
    { label: 'Being watched', text: some(watched, 'nothing') },
    { label: 'Next', text: `${next.text}${until}` },
  ];
}

function causeLine({ text, word, verdict }: NonNullable<CardFace['cause']>): string {
  return `${text}, ${word}${verdict === null ? '' : ` - ${verdict}`}`;
}

function titleOf({ id, plan, hash }: Approval): string {
  return `${id} ${approvalCard(plan, hash).title}`;
}
