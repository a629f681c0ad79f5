import type { Approval } from '#approvals/approval.ts';
import { causeOf, type Incident } from '#incidents/incident.ts';
import { approvalCard } from '#views/approval-card.ts';
import { confidence } from '#views/numbers.ts';
import { hourMinute } from '#views/time.ts';
import { causeWords, escalationWords, resolutionWords } from '#views/words.ts';

/**
 * Notes on a page, for whoever opens it in the paging system. Made of closed words and names of the config alone. They
 * say how bad it is: one that has become worse is another note.
 */

/** What is behind it; undefined while no cause stands out. */
export function causeNote(incident: Incident): string | undefined {
  const found = causeOf(incident);
  const top = incident.diagnosis?.hypotheses[0];
  if (found === null || top === undefined) return undefined;
  const { outcome } = incident.diagnosis ?? {};
  return `${incident.id}, ${incident.severity}: ${outcome} ${causeWords(top.cause, found.service)} (${confidence(found.confidence)}).`;
}

/** What waits for people, and how long. */
export function approvalNote({ id, plan, hash }: Approval): string {
  const { title, expiresAt } = approvalCard(plan, hash);
  const until = `${hourMinute(expiresAt, 'UTC')} UTC`;
  return `${plan.incident}: ${id} waits for a decision until ${until}, then nothing happens: ${title}`.slice(
    0,
    900,
  );
}

/** Why people have it; undefined while they do not. */
export function peopleNote({ id, severity, escalated }: Incident): string | undefined {
  return escalated === null
    ? undefined
    : `${id}, ${severity}, needs people: ${escalationWords(escalated.reason)}.`;
}

/** How it ended, and by whom. */
export function outcomeNote(
  { id, verified, mergedInto }: Incident,
  resolved: NonNullable<Incident['resolved']>,
): string {
  if (mergedInto !== null) return `${id} goes on as ${mergedInto}.`;
  const how = resolutionWords(resolved.resolution);
  const sure = resolved.resolution === 'recovered' && verified ? ', verified' : '';
  return `${id} is over: ${how}${sure} (${resolved.by}).`;
}
