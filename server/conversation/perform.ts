import type { Approval } from '#approvals/approval.ts';
import { unreachable } from '#core/errors.ts';
import type { IncidentId } from '#core/ids.ts';
import { causeOf, type Incident } from '#incidents/incident.ts';
import { inThread, onlyYou } from '#slack/answers.ts';
import { words } from '#slack/cards/text.ts';
import { incidentButton } from '#slack/cards/values.ts';
import type { Answer } from '#slack/ports.ts';
import type { Act } from '#slack/verbs/heard.ts';
import { sentenceOf } from '#slack/verbs/sentence-of.ts';
import { approvalCard } from '#views/approval-card.ts';
import { handoverNotes } from '#views/handover.ts';
import { cardFace } from '#views/incident-card.ts';
import { postmortem } from '#views/postmortem.ts';
import type { Acted } from '../acts/act.ts';
import { offerHandover } from '../acts/ownership.ts';
import { refusalWords } from '../acts/refusal-words.ts';
import { merge, split } from '../acts/regroup.ts';
import { sameProposal } from '../acts/same-proposal.ts';
import { giveVerdict, resolve, steer } from '../acts/say.ts';
import { incidentEntries } from '../incident-entries.ts';
import { actDepsOf, type ConversationDeps, type Speaks } from './deps.ts';
import { moveTo } from './move.ts';
import { performOwn } from './perform-own.ts';
import { said } from './said.ts';

/** Does what a person wants and says what became of it. A change is only echoed here: the press of its button asks for it. */
export async function perform(deps: ConversationDeps, about: Speaks, act: Act): Promise<Answer> {
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
      return said(await steer(acts, about, act.service), `A monitor looks at ${act.service}.`);
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

/** Says what would be asked for, and asks for nothing: only the press of the button does. */
function echo(
  { folds, inventory }: ConversationDeps,
  { incident }: Speaks,
  act: Extract<Act, { verb: 'change' }>,
): Answer {
  const known = folds.incidents.get(incident);
  if (known === undefined || known.resolved !== null)
    return onlyYou([refusalWords('not_open', known ?? null)]);
  const { tool, target } = act.action;
  const same = sameProposal(folds.approvals, incident, act.action);
  if (same !== undefined) return onlyYou([waitsLine(same)]);
  const environment = [...inventory.services.values()].find(
    ({ id }) => target === `service:${id}`,
  )?.environment;
  const sentence = sentenceOf(act);
  const what = `${sentence.slice(0, 1).toUpperCase()}${sentence.slice(1)}`;
  const detail = `${tool} ${target}`;
  return onlyYou(
    [
      `${what} in ${words(environment ?? known.environment, 80)}? Nothing is done yet. It is prepared and put before people; your own yes then needs the name typed.`,
    ],
    [incidentButton('Propose', { verb: 'propose', incident, detail })],
  );
}

/** What waits already, whoever asked for it. */
export function waitsLine({ id, plan, hash }: Approval): string {
  return `${id} asks for that already: ${words(approvalCard(plan, hash).title)}. Use its buttons; nothing new was asked for.`;
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
  const to = known.handover?.to ?? null;
  return inThread(
    [
      `${person.id} offers ${incident} to ${to ?? 'whoever accepts it'}. Until then it stays where it is.`,
      ...notes.map(({ label, text }) => `*${label}:* ${words(text, 600)}`),
    ],
    [incidentButton('Accept', { verb: 'accept_handover', incident })],
  );
}

/** Lines of the draft that fit into an answer; all of them are on the command line. */
const MOST_LINES = 60;

async function postmortemAnswer(deps: ConversationDeps, incident: IncidentId): Promise<Answer> {
  const draft = postmortem(await incidentEntries(deps, incident), deps.zone);
  if (draft === undefined) return onlyYou([refusalWords('not_found', null)]);
  const lines = draft.filter((line) => line !== '').map((line) => words(line, 300));
  const rest = lines.length > MOST_LINES ? [`and ${lines.length - MOST_LINES} more lines`] : [];
  return inThread([
    ...lines.slice(0, MOST_LINES),
    ...rest,
    `As a file: firebreak incidents show ${incident} --postmortem`,
  ]);
}
