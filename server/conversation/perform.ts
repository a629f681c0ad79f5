import { unreachable } from '#core/errors.ts';
import type { IncidentId } from '#core/ids.ts';
import { causeOf, type Incident } from '#incidents/incident.ts';
import { inThread, onlyYou } from '#slack/answers.ts';
import { words } from '#slack/cards/text.ts';
import { incidentButton } from '#slack/cards/values.ts';
import type { Answer } from '#slack/ports.ts';
import type { Act } from '#slack/verbs/heard.ts';
import { sentenceOf } from '#slack/verbs/sentence-of.ts';
import { handoverNotes } from '#views/handover.ts';
import { cardFace } from '#views/incident-card.ts';
import { postmortem } from '#views/postmortem.ts';
import { postmortemBrief, storyLines } from '#views/postmortem-brief.ts';
import type { Acted } from '../acts/act.ts';
import { offerHandover } from '../acts/ownership.ts';
import { refusalWords } from '../acts/refusal-words.ts';
import { merge, split } from '../acts/regroup.ts';
import { giveVerdict, resolve } from '../acts/say.ts';
import { incidentEntries } from '../incident-entries.ts';
import { actDepsOf, type ConversationDeps, type Speaks } from './deps.ts';
import { echo } from './echo.ts';
import { lookAt } from './look.ts';
import { moveTo } from './move.ts';
import { performOwn } from './perform-own.ts';
import { actNeeds } from './rights.ts';
import { said } from './said.ts';

/** Does what a person wants and says what became of it. A change is only echoed here: the press of its button asks for it. */
export function perform(deps: ConversationDeps, about: Speaks, act: Act): Promise<Answer> {
  return deps.admit(about.person, actNeeds[act.verb], () => performNow(deps, about, act));
}

async function performNow(deps: ConversationDeps, about: Speaks, act: Act): Promise<Answer> {
  const acts = actDepsOf(deps);
  const { person, incident } = about;
  switch (act.verb) {
    case 'ack':
    case 'take':
    case 'pause':
    case 'resume':
    case 'accept':
      return performOwn(deps, about, act.verb);
    case 'hand_over':
      return handedOver(deps, about, await offerHandover(acts, about, act.to));
    case 'resolve':
      return said(
        await resolve(acts, about, act.resolution),
        `${incident} is closed by ${person.id}: ${act.resolution === 'by_hand' ? 'fixed by hand' : 'nothing was wrong'}.`,
      );
    case 'right_cause':
      return rightCause(deps, about);
    case 'wrong_cause': {
      const { cause, service } = act;
      const done = await giveVerdict(acts, about, { right: false, cause, service });
      const more = cause === null ? ' If you know what it was, say: wrong cause: CAUSE of SERVICE.' : '';
      return said(done, `Noted: ${sentenceOf(act)}, says ${person.id}.${more}`);
    }
    case 'look':
      return lookAt(deps, about, act.service);
    case 'merge':
      return said(await merge(acts, about, act.into), `${incident} goes on in ${act.into}.`);
    case 'split': {
      const { acted, opened } = await split(acts, about, act.alerts);
      return said(
        acted,
        `${act.alerts.length} of the alerts went on as ${opened ?? 'an incident of their own'}.`,
      );
    }
    case 'change':
      return echo(deps, about, act);
    case 'move':
      return moveTo(deps, about, act.channel);
    case 'postmortem':
      return postmortemAnswer(deps, incident);
    default:
      return unreachable(act);
  }
}

async function rightCause(deps: ConversationDeps, about: Speaks): Promise<Answer> {
  const known = deps.folds.incidents.get(about.incident);
  const named = known === undefined ? null : namedBy(known);
  const done = await giveVerdict(actDepsOf(deps), about, {
    right: true,
    ...(named ?? { cause: null, service: null }),
  });
  return said(done, `Noted: the named cause is right, says ${about.person.id}.`);
}

function namedBy(incident: Incident) {
  const top = incident.diagnosis?.hypotheses[0];
  return causeOf(incident) === null || top === undefined ? null : { cause: top.cause, service: top.service };
}

function handedOver(deps: ConversationDeps, { person, incident }: Speaks, acted: Acted): Answer {
  const known = deps.folds.incidents.get(incident);
  if (acted.kind !== 'done' || known === undefined) return said(acted, '');
  const approvals = deps.folds.approvals.of(incident);
  const face = cardFace(known, { approvals, spend: deps.folds.spend.incident(incident) });
  const notes = handoverNotes(face, { approvals, zone: deps.zone });
  const to = offeredTo(deps, known);
  return inThread(
    [
      `${words(person.name, 80)} offers ${incident} to ${to} Until then it stays where it is; if nobody accepts it within 10 min, the next people are asked.`,
      ...notes.map(({ label, text }) => `*${label}:* ${words(text, 600)}`),
    ],
    [incidentButton('Accept', { verb: 'accept_handover', incident })],
  );
}

/** Whoever it is offered to is called by name: they are who must hear of it. */
function offeredTo({ contactOf }: ConversationDeps, { handover }: Incident): string {
  const to = handover?.to ?? null;
  if (to === null) return 'whoever accepts it.';
  const { name, account } = contactOf(to);
  return account === null
    ? `${words(name, 80)}, who has no known account here and must be told another way.`
    : `<@${account}>.`;
}

/** Lines of a section that fit into an answer; all of them are on the command line. */
const MOST_LINES = 10;

async function postmortemAnswer(deps: ConversationDeps, incident: IncidentId): Promise<Answer> {
  const draft = postmortem(await incidentEntries(deps, incident), deps.zone);
  if (draft === undefined) return onlyYou([refusalWords('not_found', null)]);
  const shown = postmortemBrief(draft).flatMap(({ title, lines }) => {
    const more = lines.length - MOST_LINES;
    return [
      `*${words(title)}*`,
      ...lines.slice(0, MOST_LINES).map((line) => words(line)),
      ...(more > 0 ? [`and ${more} more`] : []),
    ];
  });
  return inThread([
    ...shown,
    `All of it, with the ${storyLines(draft)} lines of what happened and headings for what only people know, as a file: firebreak incidents show ${incident} --postmortem`,
  ]);
}
