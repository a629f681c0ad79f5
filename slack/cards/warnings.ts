import type { Approval } from '#approvals/approval.ts';
import { plansMeet } from '#approvals/plan-targets.ts';
import type { StopFold } from '#approvals/stop-fold.ts';
import type { Incident } from '#incidents/incident.ts';
import { approvalCard } from '#views/approval-card.ts';
import { verdictBeside } from '#views/narrate-people.ts';
import { handles, timeOf, words } from './text.ts';

export type Stops = Pick<StopFold, 'off' | 'frozen' | 'by' | 'at'>;

/** What keeps changes from starting, since when, by whom, and how that ends; null where nothing does. */
export function stopLine({ off, frozen, by, at }: Stops, zone: string): string | null {
  if (!off && !frozen) return null;
  const since = at === null ? '' : ` since ${timeOf(at, zone)}`;
  const who = by === null ? '' : ` (${words(by, 80)})`;
  const how = off
    ? 'no approval counts until an owner says /firebreak on'
    : 'no approval counts until an owner says /firebreak freeze off';
  return `${off ? 'Everything is off' : 'Changes are frozen'}${since}${who}: ${how}.`;
}

/** What an approver must know beside the plan itself: what holds it, what people say of its cause, what else waits. */
export function approvalWarnings(
  approval: Approval,
  {
    incident,
    all,
    stops,
    zone,
  }: { incident: Incident; all: readonly Approval[]; stops: Stops; zone: string },
): string[] {
  if (approval.state !== 'pending') return [];
  const { verdict } = incident;
  const stopped = stopLine(stops, zone);
  return [
    ...(stopped === null ? [] : [`*${stopped}*`]),
    ...(verdict === null || verdict.right ? [] : [`*The named cause is ${words(verdictBeside(verdict))}.*`]),
    ...othersOf(approval, all).map(alsoLine),
  ];
}

function othersOf({ id, plan }: Approval, all: readonly Approval[]): readonly Approval[] {
  return all.filter((one) => one.id !== id && one.state === 'pending' && plansMeet(plan, one.plan));
}

function alsoLine({ id, plan, hash }: Approval): string {
  return `Also waits: ${handles([id])} of ${words(plan.incident, 20)}, ${words(approvalCard(plan, hash).title, 150)}: the same target. Once one is carried out, the other is withdrawn.`;
}
