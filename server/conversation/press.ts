import type { Person } from '#approvals/people.ts';
import { unreachable } from '#core/errors.ts';
import { ServiceId } from '#core/ids.ts';
import { RequestedAction } from '#incidents/reports.ts';
import { Cause } from '#incidents/vocabulary.ts';
import { onlyYou } from '#slack/answers.ts';
import type { Answer, Pressed } from '#slack/ports.ts';
import type { Act } from '#slack/verbs/heard.ts';
import { sentenceOf } from '#slack/verbs/sentence-of.ts';
import { sameProposal } from '../acts/same-proposal.ts';
import { requestChange } from '../acts/say.ts';
import { actDepsOf, type ConversationDeps } from './deps.ts';
import { perform, waitsLine } from './perform.ts';
import { said } from './said.ts';

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
    case 'propose': {
      const action = actionOf(fields.detail);
      if (action === undefined) return onlyYou(['That button cannot be read. Nothing was done.']);
      const sentence = sentenceOf({ verb: 'change', action });
      const acted = await requestChange(actDepsOf(deps), about, action);
      const same = sameProposal(deps.folds.approvals, incident, action);
      if (acted.kind === 'refused' && acted.reason === 'already_proposed' && same !== undefined)
        return onlyYou([waitsLine(same)]);
      return said(
        acted,
        `${person.id} asks: ${sentence}. It is prepared and put before people; nothing is done until they approve.`,
      );
    }
    default:
      return unreachable(verb);
  }
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
