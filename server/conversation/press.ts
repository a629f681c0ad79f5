import type { Person } from '#approvals/people.ts';
import { unreachable } from '#core/errors.ts';
import { ServiceId } from '#core/ids.ts';
import { RequestedAction } from '#incidents/requested-action.ts';
import { Cause } from '#incidents/vocabulary.ts';
import { inThread, onlyYou } from '#slack/answers.ts';
import type { Answer, Pressed } from '#slack/ports.ts';
import type { Act } from '#slack/verbs/heard.ts';
import { sentenceOf } from '#slack/verbs/sentence-of.ts';
import { parse } from '#slack/verbs.ts';
import { sameProposal } from '../acts/same-proposal.ts';
import { requestChange } from '../acts/say.ts';
import { answerAsk } from './ask.ts';
import { actDepsOf, type ConversationDeps, type Speaks } from './deps.ts';
import { waitsLine } from './echo.ts';
import { perform } from './perform.ts';
import { pressNeeds, READING } from './rights.ts';
import { said } from './said.ts';
import { vocabularyOf } from './vocabulary-of.ts';

/** Answers a click on a card or an answer of ours; what the button carries is read like anything from outside. */
export async function press(deps: ConversationDeps, person: Person, pressed: Pressed): Promise<Answer> {
  const { incident, verb, fields } = pressed;
  const about = { person, incident };
  switch (verb) {
    case 'take':
    case 'ack':
    case 'pause':
    case 'resume':
    case 'postmortem':
      return perform(deps, about, { verb });
    case 'accept_handover':
      return perform(deps, about, { verb: 'accept' });
    case 'wrong_cause':
      return perform(deps, about, wrongCauseOf(fields));
    case 'propose':
      return deps.admit(person, pressNeeds[verb], () => proposed(deps, about, fields.detail));
    case 'meant':
      return meant(deps, about, fields.detail ?? '');
    default:
      return unreachable(verb);
  }
}

async function proposed(deps: ConversationDeps, about: Speaks, detail: string | undefined): Promise<Answer> {
  const action = actionOf(detail);
  if (action === undefined) return onlyYou(['That button cannot be read. Nothing was done.']);
  const sentence = sentenceOf({ verb: 'change', action, wanted: null });
  const acted = await requestChange(actDepsOf(deps), about, action);
  const same = sameProposal(deps.folds.approvals, about.incident, action);
  if (acted.kind === 'refused' && acted.reason === 'already_proposed' && same !== undefined)
    return onlyYou([waitsLine(same)]);
  return said(
    acted,
    `${about.person.id} asks: ${sentence}. It is prepared and put before people; nothing is done until they approve.`,
  );
}

/** What was asked back is read again like any sentence, and counts only as what it says exactly. */
async function meant(deps: ConversationDeps, about: Speaks, sentence: string): Promise<Answer> {
  const heard = parse(sentence, vocabularyOf(deps, deps.folds.incidents.get(about.incident)));
  if (heard.kind === 'act') return perform(deps, about, heard.act);
  if (heard.kind === 'ask') {
    const { ask } = heard;
    return deps.admit(about.person, READING, async () =>
      inThread(await answerAsk(deps, about.incident, ask)),
    );
  }
  return onlyYou(['That button cannot be read. Nothing was done.']);
}

function wrongCauseOf(fields: Pressed['fields']): Act {
  const cause = Cause.safeParse(fields.cause);
  const service = ServiceId.safeParse(fields.service);
  return {
    verb: 'wrong_cause',
    cause: cause.success ? cause.data : null,
    service: service.success ? service.data : null,
  };
}

/** `service_restart service:checkout`. */
function actionOf(detail: string | undefined): RequestedAction | undefined {
  const [tool, target, ...more] = (detail ?? '').split(' ');
  const action = RequestedAction.safeParse({ tool, target });
  return action.success && more.length === 0 ? action.data : undefined;
}
