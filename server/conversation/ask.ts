import { unreachable } from '#core/errors.ts';
import type { IncidentId } from '#core/ids.ts';
import { DeploymentsSeen } from '#incidents/observations.ts';
import { verdictPart } from '#slack/cards/incident.ts';
import { handles, list, timeOf, words } from '#slack/cards/text.ts';
import { quoted } from '#slack/inert.ts';
import type { Ask } from '#slack/verbs/heard.ts';
import { type IncidentCard, incidentCard } from '#views/incident-card.ts';
import { incidentEntries } from '../incident-entries.ts';
import type { ConversationDeps } from './deps.ts';
import { evidenceList, evidenceOf } from './evidence.ts';
import { answeredLooks, contentOf } from './looks.ts';

/** Lines of an answer: mrkdwn of ours, in which whatever is foreign means nothing. */
export type Lines = readonly string[];

/** Answers a question from the card and the evidence alone; nothing is looked at anew. Waits for the log only. */
export async function answerAsk(deps: ConversationDeps, id: IncidentId, ask: Ask): Promise<Lines> {
  if (ask.verb === 'help') return helpLines;
  if (ask.verb === 'decide') return decideLines(deps, id);
  if (ask.verb === 'evidence')
    return ask.call === null ? evidenceList(deps, id) : evidenceOf(deps, id, ask.call);
  const card = incidentCard(await incidentEntries(deps, id), deps.zone);
  if (card === undefined) return ['There is no such incident in the log.'];
  switch (ask.verb) {
    case 'why':
      return whyLines(card);
    case 'changed':
      return changedLines(deps, card, id);
    case 'status':
      return statusLines(card, deps.zone);
    default:
      return unreachable(ask.verb);
  }
}

export const helpLines: Lines = [
  'Say: why, what changed, show evidence [e7], status',
  'ack, take, pause, resume, hand over [to NAME], accept, resolve [by hand | nothing wrong]',
  'look at SERVICE, restart | roll back | scale SERVICE (asks first), note: TEXT',
  'right cause, wrong cause: CAUSE of SERVICE, postmortem',
  'merge INC-n, split ALERT, move #channel',
  'Approving and denying is done with the buttons of the proposal only.',
];

function decideLines({ folds }: ConversationDeps, id: IncidentId): Lines {
  const pending = folds.approvals.of(id).filter(({ state }) => state === 'pending');
  if (pending.length === 0)
    return ['Nothing waits for a decision. No sentence approves anything; buttons do.'];
  return [
    `No sentence approves or denies anything. Use the buttons of ${handles(pending.map((one) => one.id))}, or: firebreak approvals show ${pending[0]?.id ?? ''}`,
  ];
}

function whyLines({ cause, rules, wrong, elsewhere, ruledOut, notSeen, resolved }: IncidentCard): Lines {
  const named =
    cause === null
      ? resolved === null
        ? 'No cause is known yet.'
        : 'No cause was found.'
      : `*${words(cause.text)}*, ${words(cause.word, 30)}${verdictPart(cause)}: for ${handles(cause.for) || 'none'}, against ${handles(cause.against) || 'none'}`;
  return [
    named,
    ...wrong.slice(0, 4).map(({ text, evidence }) => `${words(text)} ${handles(evidence)}`.trimEnd()),
    ...elsewhere
      .slice(-4)
      .map(({ text, evidence }) => `Looked at ${words(text)} ${handles(evidence)}`.trimEnd()),
    ...(rules === null ? [] : [words(rules)]),
    ...(ruledOut.length === 0 ? [] : [`Ruled out: ${list(ruledOut)}`]),
    ...(notSeen.length === 0 ? [] : [`Could not see: ${list(notSeen)}`]),
    'To open one, say: show e7',
  ];
}

function statusLines(card: IncidentCard, zone: string): Lines {
  const { id, severity, outcome, cause, next, takenBy, paused, changes } = card;
  const until = next.until === null ? '' : ` (at ${timeOf(next.until, zone)})`;
  const last = changes.at(-1);
  return [
    `${words(id)}: ${severity}, ${words(outcome, 60)}${paused === null ? '' : `, paused by ${words(paused, 80)}`}; ${takenBy === null ? 'nobody has it' : `${words(takenBy, 80)} has it`}`,
    `Cause: ${cause === null ? 'not known yet' : `${words(cause.text)}, ${words(cause.word, 30)}${verdictPart(cause)}`}`,
    ...(last === undefined
      ? []
      : [`${handles([last.approval])} ${words(last.title)}: ${words(last.became)}`]),
    `Next: ${paused === null ? words(next.text) : 'nothing, until somebody says resume'}${until}`,
  ];
}

/** Deployments as they were seen by looks of this incident, and changes of ours. */
async function changedLines(deps: ConversationDeps, card: IncidentCard, id: IncidentId): Promise<Lines> {
  const looks = answeredLooks(deps, id).filter(({ tool }) => tool === 'deployments_list');
  const newest = new Map(looks.map((look) => [look.service, look]));
  const lines: string[] = [];
  for (const look of newest.values()) {
    const seen = DeploymentsSeen.safeParse((await contentOf(deps, id, look))?.value);
    if (!seen.success) continue;
    const some = seen.data.deployments.slice(0, 3);
    lines.push(
      ...some.map(
        ({ version, at, by }) =>
          `${words(seen.data.service)} ${quoted(version, 40)} deployed ${timeOf(at, deps.zone)} by ${words(by, 60)} ${handles([look.call])}`,
      ),
    );
  }
  const ours = card.changes.map(
    ({ approval, title, became }) => `${handles([approval])} ${words(title)}: ${words(became)}`,
  );
  const all = [...lines, ...ours];
  return all.length === 0
    ? ['No change was seen. Deployments were not looked at, or could not be seen.']
    : ['What changed, newest first for each service:', ...all];
}
