import { mayRespond } from '#approvals/people.ts';
import { unreachable } from '#core/errors.ts';
import { inThread, onlyYou } from '#slack/answers.ts';
import type { Answer } from '#slack/ports.ts';
import { refuse } from '../acts/act.ts';
import { refusalWords } from '../acts/refusal-words.ts';
import { actDepsOf, type ConversationDeps, type Speaks } from './deps.ts';

/** Gives an open incident a new card in another channel; from there on that is its thread. */
export async function moveTo(deps: ConversationDeps, about: Speaks, channel: string): Promise<Answer> {
  const { person, incident } = about;
  const known = deps.folds.incidents.get(incident);
  const reason = !mayRespond(person) ? 'not_allowed' : known?.resolved === null ? null : 'not_open';
  if (reason !== null) {
    await refuse(actDepsOf(deps), { ...about, what: 'move' }, reason);
    return onlyYou([refusalWords(reason, known ?? null)]);
  }
  const moved = await deps.move(incident, channel);
  switch (moved) {
    case 'posted':
      return inThread([`${incident} goes on in channel ${channel}. This thread is not read any more.`]);
    case 'no_budget':
      return onlyYou(['It was moved too often; it stays here.']);
    case 'failed':
      return onlyYou([
        'It could not be posted there. Is Firebreak in that channel, and is the channel its own?',
      ]);
    default:
      return unreachable(moved);
  }
}
