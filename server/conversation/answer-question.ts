import { mayRespond } from '#approvals/people.ts';
import { inThread, onlyYou } from '#slack/answers.ts';
import { words } from '#slack/cards/text.ts';
import { quoted } from '#slack/inert.ts';
import type { Answer, Said } from '#slack/ports.ts';
import { answerAsk } from './ask.ts';
import type { ConversationDeps, Speaks } from './deps.ts';

/** Nobody waits longer for a model. */
const PATIENCE_MS = 60_000;
const MOST_LINES = 10;

/**
 * Answers a free question. With a model the coordinator of the incident does, as text that nothing is taken from: it is
 * quoted, says who answered, and means nothing to Slack. Without one, or when it takes too long, code says what is known.
 */
export async function answerQuestion(
  deps: ConversationDeps,
  { person, incident }: Speaks,
  { message, text }: Said,
): Promise<Answer> {
  const question = { by: person.id, message, text };
  const answered = mayRespond(person) ? await soon(deps, deps.ask(incident, question)) : null;
  if (answered !== null) {
    const lines = answered.text.split('\n').filter((line) => line.trim() !== '');
    const rest = lines.length - MOST_LINES;
    return inThread([
      `${words(answered.model, 100)}, an AI model, answers; nobody has checked it:`,
      ...lines.slice(0, MOST_LINES).map((line) => quoted(line, 290)),
      ...(rest > 0 ? [`and ${rest} more lines`] : []),
    ]);
  }
  return onlyYou([
    ...(await answerAsk(deps, incident, { verb: 'status' })),
    'No model answers free questions now. To see what can be asked, say: help',
  ]);
}

async function soon<T>({ clock }: ConversationDeps, work: Promise<T | null>): Promise<T | null> {
  const done = new AbortController();
  const late = clock.sleep(PATIENCE_MS, done.signal).then(
    () => null,
    () => null,
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}
