import {
  type ActionCallRef,
  actionCallRef,
  misfit,
  type OperatorAction,
} from '#incidents/operator-action.ts';
import { serviceRef } from '#incidents/refs.ts';
import { RequestedAction, type RequestedServiceAction } from '#incidents/requested-action.ts';
import type { Heard } from './heard.ts';
import { alertIn, serviceIn } from './refs.ts';
import { act, is, missing, NAME, OPTIONAL_THE, type Sentence, withService } from './sentence.ts';

/** Sentences that ask for a change. None of them makes one: it is echoed, asked for, and put before people. */
export const changing: readonly Sentence[] = [
  change('service_restart', 'restart|bounce|reboot'),
  change(
    'service_rollback',
    'roll ?back|roll (?:it )?back|revert|undo the deploy of|roll back the deploy of',
    '(?<wanted>v?\\d{1,6}(?:\\.\\d{1,6}){0,3}|[0-9a-f]{7,40})|(?:the )?(?:last|previous) version',
  ),
  change(
    'service_scale',
    'scale|scale up|scale out|add instances to|add capacity to',
    '(?<wanted>\\d{1,6})(?: instances| replicas)?',
  ),
  {
    form: is(`cordon (?:the )?(?:node )?(?<name>[a-z0-9.-]{1,253})`),
    read: ({ name = '' }) => asked('node_cordon', `node:${name}`),
  },
  {
    form: is('(?:silence|mute) (?<name>[^,;]{1,120})'),
    read: ({ name }, vocabulary) => {
      const alert = alertIn(vocabulary, name);
      return alert === null ? missing('alert') : asked('alert_silence', `alert:${alert}`);
    },
    chatty: true,
  },
  {
    form: is(
      `run (?:the )?(?:action )?(?<name>[a-z][a-z0-9_-]{0,39})(?<values>(?: [a-z][a-z0-9_]{0,19}=[a-z0-9._-]{1,64}){0,8})`,
    ),
    read: ({ name = '', values = '' }, { actions }) => {
      const call = callIn(actions?.get(name), values);
      return call === null ? missing('action') : asked('operator_action', call);
    },
    chatty: true,
  },
];

/** The call with these values, as far as the action takes them; sentences come without capital letters. */
function callIn(action: OperatorAction | undefined, said: string): ActionCallRef | null {
  if (action === undefined) return null;
  const values = [...said.matchAll(/ ([^ =]+)=([^ ]+)/g)].map(([, name = '', value = '']) => {
    const param = action.params.get(name);
    const spelled = param?.kind === 'one_of' ? param.words.filter((one) => one.toLowerCase() === value) : [];
    return { name, value: spelled.length === 1 ? (spelled[0] ?? value) : value };
  });
  return misfit(action, values) === undefined ? actionCallRef(`action:${action.name}`, values) : null;
}

/** Nothing but a reference of the right form becomes a change that is asked for. */
function asked(tool: RequestedAction['tool'], target: string): Heard {
  const action = RequestedAction.safeParse({ tool, target });
  return action.success ? act({ verb: 'change', action: action.data, wanted: null }) : { kind: 'question' };
}

function change(tool: RequestedServiceAction['tool'], forms: string, to?: string): Sentence {
  const end = to === undefined ? '' : `(?: to (?:${to}))?`;
  return {
    form: is(`(?:${forms}) ${OPTIONAL_THE}${NAME}(?: (?:up|out|back))?${end}`),
    read: ({ name, wanted = null }, vocabulary) =>
      withService(serviceIn(vocabulary, name), (service) => ({
        verb: 'change',
        action: { tool, target: serviceRef(service) },
        wanted,
      })),
  };
}
