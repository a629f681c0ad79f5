import { unreachable } from '#core/errors.ts';
import type { IncidentId } from '#core/ids.ts';
import { callWords } from '#incidents/operator-action.ts';
import { inThread, onlyYou } from '#slack/answers.ts';
import { list, words } from '#slack/cards/text.ts';
import { incidentButton } from '#slack/cards/values.ts';
import type { Answer, Said } from '#slack/ports.ts';
import type { Heard } from '#slack/verbs/heard.ts';
import { sentenceOf } from '#slack/verbs/sentence-of.ts';
import { note } from '../acts/say.ts';
import { answerQuestion } from './answer-question.ts';
import { answerAsk } from './ask.ts';
import { actDepsOf, type ConversationDeps, type Speaks } from './deps.ts';
import { perform } from './perform.ts';
import { NOTING, READING } from './rights.ts';
import { said as saidOf } from './said.ts';

/** A note keeps so many characters. */
const MOST_NOTE = 1000;

type ToUs = Exclude<Heard, { kind: 'none' }>;

/** Answers a sentence of a known person in the thread of an incident. */
export async function hear(
  deps: ConversationDeps,
  about: Speaks,
  { said, heard }: { said: Said; heard: ToUs },
): Promise<Answer> {
  if (heard.kind === 'act') return perform(deps, about, heard.act);
  const need = heard.kind === 'note' ? NOTING : READING;
  return deps.admit(about.person, need, () => answerTo(deps, about, { said, heard }));
}

async function answerTo(
  deps: ConversationDeps,
  about: Speaks,
  { said, heard }: { said: Said; heard: Exclude<ToUs, { kind: 'act' }> },
): Promise<Answer> {
  switch (heard.kind) {
    case 'ask':
      return inThread(await answerAsk(deps, about.incident, heard.ask));
    case 'note': {
      const text = said.text.slice(heard.from).trim().slice(0, MOST_NOTE);
      return saidOf(
        await note(actDepsOf(deps), about, text),
        `Noted for ${about.incident}, by ${about.person.id}.`,
      );
    }
    case 'doubt':
      return askBack(about.incident, sentenceOf(heard.reading), heard.reading.verb !== 'split');
    case 'missing':
      return onlyYou([missingLine(deps, about, heard.what)]);
    case 'question':
      return answerQuestion(deps, about, said);
    default:
      return unreachable(heard);
  }
}

/** A slip is asked back; one click says that it was meant. Which alerts leave cannot stand on a button. */
function askBack(incident: IncidentId, sentence: string, fits: boolean): Answer {
  const meant = incidentButton(`Yes: ${sentence}`.slice(0, 75), {
    verb: 'meant',
    incident,
    detail: sentence,
  });
  return onlyYou(
    [
      `Did you mean: ${words(sentence)}? ${fits ? 'Click it, or say' : 'Then say'} exactly that. Nothing was done.`,
    ],
    fits ? [meant] : [],
  );
}

/** What there is to choose from, where a sentence names something that is not known. */
function missingLine(
  { inventory, people, folds }: ConversationDeps,
  { incident }: Speaks,
  what: Extract<Heard, { kind: 'missing' }>['what'],
): string {
  switch (what) {
    case 'service':
      return `There is no such service. Known: ${list([...inventory.services.keys()], 15)}. Nothing was done.`;
    case 'person':
      return `There is no such person. Known: ${list([...people.keys()], 15)}. Nothing was done.`;
    case 'cause':
      return 'That is no cause that can be named. Say for example: wrong cause: bad deploy of SERVICE. Nothing was done.';
    case 'channel':
      return 'Which channel? Write # and choose it from the list that Slack shows. Nothing was done.';
    case 'incident':
      return 'Which incident? Say for example: merge INC-12. Nothing was done.';
    case 'alert': {
      const names = (folds.incidents.get(incident)?.alerts ?? []).map(
        ({ name, service }, at) => `${at + 1} ${name} ${service ?? ''}`,
      );
      return `Which alert? ${list(names, 10)}. Say for example: split 2. Nothing was done.`;
    }
    case 'action': {
      const known = [...(inventory.actions?.values() ?? [])].map(callWords);
      return `There is no such action with these values. Known: ${list(known, 15) || 'none'}. Nothing was done.`;
    }
    case 'call':
      return 'Nobody is called from here; who is asked when nobody answers stands on the card. To give it to somebody, say: hand over to NAME. Nothing was done.';
    default:
      return unreachable(what);
  }
}
