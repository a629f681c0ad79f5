import { beforeLine } from './before-words.ts';
import type { IncidentCard } from './incident-card.ts';
import { fallbackLine, modelUseLine, roleUseLine } from './model-use.ts';
import { droppedWords } from './narrate-reports.ts';
import { asksWords } from './next-step.ts';
import { storyText } from './story.ts';
import { labelled, type Paint, wrap } from './table.ts';
import { ago, hourMinute, instant, offset } from './time.ts';

export type Screen = { readonly now: number; readonly zone: string; readonly paint: Paint };

/**
 * An incident for a terminal, at most 80 columns wide: what is wrong, why, what was done, who has it, what comes next,
 * then how it went. What is not known is said.
 */
export function renderIncident(card: IncidentCard, screen: Screen): string[] {
  const { zone, paint, now } = screen;
  const tone = card.resolved === null ? 'bad' : 'good';
  const began = card.since ?? card.openedAt;
  return [
    ...wrap(`${card.id}  ${card.title}`).map((line) => paint('strong', line)),
    ...labelled('state', `${card.severity}, ${card.outcome}`).map((line) => paint(tone, line)),
    ...labelled('since', `${ago(began, { now, zone })}${card.since === null ? ', when the page came' : ''}`),
    ...(card.alerts.length === 0 ? [] : several('alerts', card.alerts, '')),
    ...several(
      'wrong',
      card.wrong.map(({ text, evidence }) => [text, ...evidence].join(' ')),
      card.notSeen.length === 0 ? 'not looked at yet' : 'nothing that could be seen',
    ),
    ...(card.elsewhere.length === 0
      ? []
      : several(
          'looked',
          card.elsewhere.map(({ text, evidence }) => [text, ...evidence].join(' ')),
          '',
        )),
    ...labelled('cause', causeLine(card)),
    ...(card.before === null ? [] : labelled('before', beforeLine(card.before, { now, zone }))),
    ...(card.rules === null ? [] : labelled('', card.rules)),
    ...(card.droppedClaims === 0 ? [] : labelled('', droppedWords(card.droppedClaims))),
    ...(card.ruledOut.length === 0 ? [] : labelled('not', card.ruledOut.join(', '))),
    ...(card.notSeen.length === 0 ? [] : labelled('unseen', card.notSeen.join(', '))),
    ...several(
      'changes',
      card.changes.map((change) => changeLine(change, zone)),
      'nothing was changed',
    ),
    ...labelled('owner', ownerLine(card)),
    ...(card.said.length === 0 ? [] : several('said', card.said, '')),
    ...(card.escalated === null
      ? []
      : labelled(
          'people',
          `asked at ${hourMinute(card.escalated.at, zone)}: ${card.escalated.why}${missing(card.escalated.missing)}`,
        )),
    ...labelled('mode', `${card.mode} in ${card.environment}; ${modelUseLine(card.models)}`),
    ...(card.models.fallback === null ? [] : labelled('model', fallbackLine(card.models.fallback))),
    ...card.models.roles.flatMap((role, index) => labelled(index === 0 ? 'cost' : '', roleUseLine(role))),
    ...labelled(card.resolved === null ? 'next' : 'ended', nextLine(card, zone)),
    '',
    `timeline  ${instant(card.openedAt, zone)}`,
    ...card.timeline.flatMap((line) => storyText(line, { zone, paint })),
    ...(card.timeline.length === 0 ? ['nothing yet'] : []),
    paint('quiet', `times are local, UTC${offset(card.openedAt, zone)}`),
  ];
}

function several(label: string, texts: readonly string[], none: string): string[] {
  if (texts.length === 0) return labelled(label, none);
  return texts.flatMap((text, index) => labelled(index === 0 ? label : '', text));
}

function ownerLine({ owner, takenBy, resolved }: IncidentCard): string {
  if (takenBy !== null) return `${owner}, ${takenBy} has it`;
  return resolved === null ? `${owner}, nobody has said that they have it` : owner;
}

function causeLine({ cause }: IncidentCard): string {
  if (cause === null) return 'not known';
  const against = cause.against.length === 0 ? 'none' : cause.against.join(' ');
  const said = cause.verdict === null ? '' : ` - ${cause.verdict}`;
  return `${cause.word}: ${cause.text}${said}  for ${cause.for.join(' ')}  against ${against}`;
}

function changeLine(
  { approval, title, became, by, at }: IncidentCard['changes'][number],
  zone: string,
): string {
  const people = by.length === 0 ? '' : `, approved by ${by.join(' and ')}`;
  return `${approval} ${title}: ${became} (${hourMinute(at, zone)})${people}`;
}

function missing(list: readonly string[]): string {
  return list.length === 0 ? '' : `; missing: ${list.join(', ')}`;
}

function nextLine({ resolved, next, asks }: IncidentCard, zone: string): string {
  if (resolved !== null)
    return `${hourMinute(resolved.at, zone)}, ${resolved.how}, by ${resolved.by}; next: ${next.text}`;
  const ends = next.until === null ? '' : ` (at ${hourMinute(next.until, zone)})`;
  const asked = asks === null ? '' : `; ${asksWords(asks)} at ${hourMinute(asks.at, zone)}`;
  return `${next.text}${ends}${asked}`;
}
