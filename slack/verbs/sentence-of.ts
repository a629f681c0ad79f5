import { unreachable } from '#core/errors.ts';
import { serviceOf } from '#incidents/refs.ts';
import type { Act, Ask } from './heard.ts';

const changes = {
  service_restart: 'restart',
  service_rollback: 'roll back',
  service_scale: 'scale',
} as const;

/** The plain sentence for what was read, as a person could have typed it: what is asked back says exactly this. */
export function sentenceOf(wanted: Act | Ask): string {
  switch (wanted.verb) {
    case 'hand_over':
      return wanted.to === null ? 'hand over' : `hand over to ${wanted.to}`;
    case 'resolve':
      return wanted.resolution === 'by_hand' ? 'resolve by hand' : 'resolve nothing wrong';
    case 'wrong_cause': {
      const cause = wanted.cause?.replaceAll('_', ' ');
      if (cause === undefined) return 'wrong cause';
      return `wrong cause: ${cause}${wanted.service === null ? '' : ` of ${wanted.service}`}`;
    }
    case 'move':
      return `move <#${wanted.channel}>`;
    case 'merge':
      return `merge ${wanted.into}`;
    case 'split':
      return 'split';
    case 'look':
      return `look at ${wanted.service}`;
    case 'change':
      return `${changes[wanted.action.tool]} ${serviceOf(wanted.action.target)}${wanted.wanted === null ? '' : ` to ${wanted.wanted}`}`;
    case 'evidence':
      return wanted.call === null ? 'show evidence' : `show ${wanted.call}`;
    case 'changed':
      return 'what changed';
    case 'decide':
      return 'approve';
    case 'right_cause':
      return 'right cause';
    case 'ack':
    case 'take':
    case 'pause':
    case 'resume':
    case 'accept':
    case 'postmortem':
    case 'why':
    case 'status':
    case 'help':
      return wanted.verb;
    default:
      return unreachable(wanted);
  }
}
