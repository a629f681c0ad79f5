import { unreachable } from '#core/errors.ts';
import type { RequestedAction } from '#incidents/requested-action.ts';
import type { Act, Ask } from './heard.ts';
import { SHORT } from './refs.ts';

const changes = {
  service_restart: 'restart',
  service_rollback: 'roll back',
  service_scale: 'scale',
  node_cordon: 'cordon',
  alert_silence: 'silence',
  operator_action: 'run',
} as const;

/** What a change is of, as a person says it: an alert by the first digits of its fingerprint, an action with its values. */
function objectOf({ tool, target }: RequestedAction): string {
  const [, name = ''] = /^[a-z]+:(.*)$/.exec(target) ?? [];
  if (tool === 'alert_silence') return `alert ${name.slice(0, SHORT)}`;
  return tool === 'operator_action' ? name.replace('?', ' ').replaceAll('&', ' ') : name;
}

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
      return `${changes[wanted.action.tool]} ${objectOf(wanted.action)}${wanted.wanted === null ? '' : ` to ${wanted.wanted}`}`;
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
