import { unreachable } from '#core/errors.ts';
import type { Incident } from '#incidents/incident.ts';
import type { ActRefusal } from './act.ts';

/** Why nothing came of it, in one sentence, and what would. Ours alone; names are of the config. */
export function refusalWords(
  reason: ActRefusal,
  incident: Incident | null,
  surface: 'slack' | 'terminal' = 'slack',
): string {
  const id = incident?.id ?? 'the incident';
  const verb = (word: 'resume' | 'take'): string =>
    surface === 'slack' ? `say: ${word}` : `firebreak incidents ${word} ${id}`;
  switch (reason) {
    case 'not_allowed':
      return 'Your role may look, but not do that. A responder can.';
    case 'not_found':
      return 'There is no such incident that is open.';
    case 'not_open':
      return `${id} is over. If the same alert fires within 30 min, it opens again by itself.`;
    case 'taken':
      return `${incident?.takenBy ?? 'Somebody'} has ${id}, and agents stay out of it.`;
    case 'already_yours':
      return `You have ${id} already; agents stay out of it.`;
    case 'already_paused':
      return `${incident?.paused?.by ?? 'Somebody'} paused ${id} already. To let it go on, ${verb('resume')}`;
    case 'not_paused':
      return `${id} is not paused.`;
    case 'paused':
      return `${incident?.paused?.by ?? 'Somebody'} paused ${id}. To let it go on first, ${verb('resume')}`;
    case 'already_seen':
      return `${incident?.takenBy ?? incident?.acknowledgedBy ?? 'Somebody'} has seen it already.`;
    case 'not_yours':
      return `${incident?.takenBy ?? 'Somebody else'} has ${id}; only they hand it over.`;
    case 'unknown_person':
      return 'Nobody of that name may take it. It must be a responder of the config.';
    case 'nothing_offered':
      return `Nobody offers ${id}. To have it, ${verb('take')}`;
    case 'own_offer':
      return 'You cannot hand it to yourself.';
    case 'offered_to_other':
      return `It was offered to ${incident?.handover?.to ?? 'somebody else'}.`;
    case 'no_cause':
      return 'No cause is named that could be right. To say what it was: wrong cause: CAUSE of SERVICE.';
    case 'unknown_service':
      return 'There is no such service in the config.';
    case 'unknown_action':
      return 'The config has no such action with these values.';
    case 'already_proposed':
      return 'That change waits for people already; decide on its proposal.';
    case 'already_asked':
      return 'That was asked for already, and is being prepared. Its proposal, or why there is none, comes into the thread.';
    case 'resolution_refused':
      return 'It cannot be closed like that. Say: resolve by hand, or resolve nothing wrong.';
    case 'same_incident':
      return 'That is this incident.';
    case 'other_environment':
      return 'They are in different environments and stay apart.';
    case 'change_under_way':
      return `A change of ${id} is being carried out. Merge it when that is over.`;
    case 'no_such_alert':
      return `${id} has no such alert.`;
    case 'last_alert':
      return `At least one alert must stay in ${id}.`;
    default:
      return unreachable(reason);
  }
}
