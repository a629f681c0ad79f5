import type { ActionsBlock, KnownBlock } from '@slack/types';
import { IncidentId } from '#core/ids.ts';
import type { AgentRole } from '#incidents/vocabulary.ts';
import type { CardFace } from '#views/incident-card.ts';
import { fallbackLine, modelUseLine } from '#views/model-use.ts';
import { asksWords } from '#views/next-step.ts';
import type { Pressed, SlackMessage } from '../ports.ts';
import { agoOf, context, handles, list, section, sinceOf, timeOf, words } from './text.ts';
import { incidentButton } from './values.ts';

/** What the card says beside its model: the agent that works now, and in which zone times read where Slack cannot. */
export type IncidentDrawn = {
  readonly zone: string;
  readonly step: { readonly role: AgentRole; readonly since: number; readonly until: number } | null;
  /** A card that was sent before, of which nobody knows whether it arrived. */
  readonly again: boolean;
  /** Proposals that wait and have no card of their own, because the thread has no room for more. */
  readonly noRoom: readonly string[];
  /** Slack ids of the people whom the card calls, verified by the config. */
  readonly called: readonly string[];
  /** The channel of its owner took no card. */
  readonly elsewhere: boolean;
  /** What keeps changes from starting, in mrkdwn of ours. */
  readonly stopped: string | null;
};

/** Changes and findings that are shown; what is older or more is counted. */
const MOST_CHANGES = 4;
const MOST_WRONG = 4;

/**
 * The one card of an incident: the answer first, then why, what next, who has it and how to stop it. Pure, and it does
 * not depend on the time at which it is drawn: the same model gives the same message. At most 12 blocks.
 */
export function incidentMessage(face: CardFace, drawn: IncidentDrawn): SlackMessage {
  const { zone } = drawn;
  const blocks: KnownBlock[] = [
    ...section(titleLine(face), stateLine(face, zone), calledLine(drawn)),
    ...section(...wrongLines(face), ...elsewhereLines(face), alertsLine(face)),
    ...section(...causeLines(face, zone)),
    ...section(...changeLines(face, zone)),
    ...section(stoppedLine(face, drawn), escalatedLine(face, zone), nextLine(face, zone), noRoomLine(drawn)),
    ...context(useLine(face), ownerLine(face), face.said.length === 0 ? null : list(face.said)),
    ...buttons(face),
    ...context(lastLine(face, drawn), drawn.again ? AGAIN : null, drawn.elsewhere ? ELSEWHERE : null),
  ];
  return { text: `${words(`${face.id} ${face.title}`, 200)}: ${face.severity}, ${outcome(face)}`, blocks };
}

const AGAIN = 'An earlier card may stand above; this one is kept up to date.';
const ELSEWHERE = 'The channel of its owner takes no messages from Firebreak, so it stands here.';

function titleLine({ id, title }: CardFace): string {
  return `*${words(`${id} ${title}`, 250)}*`;
}

function outcome({ outcome, paused }: CardFace): string {
  return paused === null ? words(outcome, 60) : `${words(outcome, 60)}, paused`;
}

function stateLine(face: CardFace, zone: string): string {
  const began =
    face.since === null ? `page came ${agoOf(face.openedAt, zone)}` : `started ${agoOf(face.since, zone)}`;
  return `${face.severity} - ${outcome(face)} - ${began}`;
}

function calledLine({ called }: IncidentDrawn): string | null {
  return called.length === 0 ? null : `For ${called.map((user) => `<@${user}>`).join(' ')}`;
}

function wrongLines({ wrong }: CardFace): string[] {
  const lines = wrong
    .slice(0, MOST_WRONG)
    .map(({ text, evidence }) => `${words(text)} ${handles(evidence)}`.trimEnd());
  return wrong.length > MOST_WRONG ? [...lines, `and ${wrong.length - MOST_WRONG} more signals`] : lines;
}

/** Services that were looked at and the page is not about; what is more is counted. */
function elsewhereLines({ elsewhere }: CardFace): string[] {
  const lines = elsewhere
    .slice(-MOST_WRONG)
    .map(({ text, evidence }) => `Looked at ${words(text)} ${handles(evidence)}`.trimEnd());
  const more = elsewhere.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more services`] : lines;
}

function alertsLine({ alerts }: CardFace): string | null {
  return alerts.length === 0 ? null : `Alerts: ${list(alerts, 5)}`;
}

function causeLines(
  { cause, before, rules, ruledOut, notSeen, resolved }: CardFace,
  zone: string,
): (string | null)[] {
  const named =
    cause === null
      ? resolved === null
        ? '*Cause:* not known yet'
        : '*Cause:* not found'
      : `*Cause:* ${words(cause.text)}, ${words(cause.word, 30)}${verdictPart(cause)} - for ${handles(cause.for) || 'none'} - against ${handles(cause.against) || 'none'}`;
  return [
    named,
    before === null
      ? null
      : `Seen before: ${handles([before.incident])} ${agoOf(before.at, zone)}${before.text === '' ? '' : `, ${words(before.text)}`}`,
    rules === null ? null : words(rules),
    ruledOut.length === 0 ? null : `Ruled out: ${list(ruledOut)}`,
    notSeen.length === 0 ? null : `Could not see: ${list(notSeen)}`,
  ];
}

/** A word against it is as plain as the cause itself. */
export function verdictPart({ verdict }: NonNullable<CardFace['cause']>): string {
  return verdict === null ? '' : ` - *${words(verdict)}*`;
}

function changeLines({ changes }: CardFace, zone: string): string[] {
  const lines = changes.slice(-MOST_CHANGES).map(({ approval, title, became, by, at }) => {
    const people = by.length === 0 ? '' : `, yes by ${list(by)}`;
    return `${handles([approval])} ${words(title)}: ${words(became)} (${timeOf(at, zone)})${people}`;
  });
  return changes.length > MOST_CHANGES
    ? [`${changes.length - MOST_CHANGES} earlier proposals`, ...lines]
    : lines;
}

function escalatedLine({ escalated, resolved }: CardFace, zone: string): string | null {
  if (escalated === null || resolved !== null) return null;
  const missing = escalated.missing.length === 0 ? '' : `; missing: ${list(escalated.missing)}`;
  return `People were asked at ${timeOf(escalated.at, zone)}: ${words(escalated.why)}${missing}`;
}

function nextLine({ resolved, next, paused, asks }: CardFace, zone: string): string {
  if (resolved !== null)
    return `*Ended* ${timeOf(resolved.at, zone)}: ${words(resolved.how, 60)}, by ${words(resolved.by, 80)}. Next: ${words(next.text)}`;
  if (paused !== null)
    return `*Next:* nothing, ${words(paused, 80)} paused it; it goes on when somebody presses Resume`;
  const ends = next.until === null ? '' : ` (at ${timeOf(next.until, zone)})`;
  const asked = asks === null ? '' : `; ${words(asksWords(asks))} at ${timeOf(asks.at, zone)}`;
  return `*Next:* ${words(next.text, 400)}${ends}${asked}`;
}

function stoppedLine({ resolved }: CardFace, { stopped }: IncidentDrawn): string | null {
  return resolved !== null || stopped === null ? null : `*${stopped}*`;
}

function noRoomLine({ noRoom }: IncidentDrawn): string | null {
  if (noRoom.length === 0) return null;
  return `Waiting without a card of its own: ${handles(noRoom)} - firebreak approvals show`;
}

function useLine({ models, mode, environment }: CardFace): string {
  const fallback = models.fallback === null ? '' : ` - ${words(fallbackLine(models.fallback))}`;
  return `${words(modelUseLine(models))} - mode ${mode} in ${words(environment, 80)}${fallback}`;
}

function ownerLine({ owner, takenBy, resolved }: CardFace): string {
  const holder =
    takenBy !== null
      ? `, ${words(takenBy, 80)} has it`
      : resolved === null
        ? ', nobody has said that they have it'
        : '';
  return `owner ${words(owner, 80)}${holder}`;
}

/** What works now, since when, and when there is news at the latest. */
function lastLine(face: CardFace, { zone, step }: IncidentDrawn): string | null {
  if (face.resolved !== null || face.paused !== null) return null;
  if (step !== null)
    return `_${step.role} works, began ${sinceOf(step.since, zone)} - next update by ${timeOf(step.until, zone)}_`;
  if (face.next.until !== null)
    return `_next update when someone decides, at the latest ${timeOf(face.next.until, zone)}_`;
  return '_next update when someone acts or a signal changes_';
}

function buttons(face: CardFace): ActionsBlock[] {
  const id = IncidentId.safeParse(face.id);
  if (!id.success) return [];
  const elements = verbsOf(face).map(([text, verb]) => incidentButton(text, { verb, incident: id.data }));
  return [{ type: 'actions', elements }];
}

function verbsOf({ resolved, takenBy, paused, cause }: CardFace): (readonly [string, Pressed['verb']])[] {
  const wrong = cause === null ? [] : [['Wrong cause', 'wrong_cause'] as const];
  if (resolved !== null) return [['Postmortem', 'postmortem'], ...wrong];
  return [
    ...(takenBy === null ? [["I've got it", 'take'] as const] : []),
    ...(paused === null ? [['Pause', 'pause'] as const] : [['Resume', 'resume'] as const]),
    ...wrong,
  ];
}
