import type { KnownBlock, ModalView } from '@slack/types';
import { z } from 'zod';
import { type Clean, cleanMembers } from '#core/clean.ts';
import type { Channels } from './channels.ts';
import { messageArgs, outgoingProblem } from './outgoing.ts';
import type { Answer, Place, Speaker } from './ports.ts';
import type { Web, WebCall } from './web.ts';

export type ReplyDeps = {
  readonly web: Web;
  readonly channels: Channels;
  readonly isKnown: (user: string) => boolean;
  /** An answer that was not given, in words of ours. */
  readonly onUnsaid: (why: string) => void;
  /** Takes secrets out of what goes back with an acknowledgement; calls of the web API do it themselves. */
  readonly clean: Clean;
};

/** Answers to what a person said or clicked just now. Not one of them throws; what cannot be said is noted. */
export type Replies = {
  say(to: { readonly who: Speaker; readonly place: Place }, answer: Answer): Promise<void>;
  /** What goes back with the acknowledgement of a command; only its speaker sees it. */
  atOnce(answer: Answer): Readonly<Record<string, unknown>>;
  /** Opens a form at the person who clicked, which Slack takes for three seconds only; false: it did not open. */
  open(trigger: string, view: ModalView): Promise<boolean>;
  publish(user: string, blocks: readonly KnownBlock[]): Promise<void>;
};

const Done = z.looseObject({});
/** A click opens a form within three seconds, or never. */
const OPEN_MS = 2_500;

export function createReplies({ web, channels, isKnown, onUnsaid, clean }: ReplyDeps): Replies {
  async function call(
    method: string,
    args: Readonly<Record<string, unknown>>,
    how: Pick<WebCall<unknown>, 'repeatable' | 'patienceMs'>,
  ): Promise<boolean> {
    const done = await web.call({ method, args, answer: Done, ...how });
    if (done.kind !== 'ok') onUnsaid(`${method}: ${'error' in done ? done.error : done.kind}`);
    return done.kind === 'ok';
  }
  async function callOnce(method: string, args: Readonly<Record<string, unknown>>): Promise<void> {
    await call(method, args, { repeatable: false });
  }
  return {
    say: async ({ who, place }, answer) => {
      const problem = outgoingProblem(answer, isKnown);
      if (problem !== undefined) return onUnsaid(problem.replaceAll('_', ' '));
      // What only a person of the config sees tells nobody else anything.
      if (answer.visible === 'thread' || who.person === null) {
        const verdict = await channels.look(place.channel);
        if (verdict.kind !== 'allowed') return onUnsaid('nothing is said in that channel');
      }
      const into = place.thread === null ? {} : { thread_ts: place.thread };
      const message = { channel: place.channel, ...into, ...messageArgs(answer) };
      if (answer.visible === 'thread') return callOnce('chat.postMessage', message);
      return callOnce('chat.postEphemeral', { ...message, user: who.user });
    },
    atOnce: (answer) => {
      const problem = outgoingProblem(answer, isKnown);
      if (problem !== undefined) {
        onUnsaid(problem.replaceAll('_', ' '));
        return {};
      }
      const { text, blocks } = messageArgs(answer);
      return { response_type: 'ephemeral', ...cleanMembers({ text, blocks }, clean) };
    },
    open: async (trigger, view) => {
      const problem = outgoingProblem({ text: '', blocks: view.blocks }, isKnown);
      if (problem !== undefined) {
        onUnsaid(problem.replaceAll('_', ' '));
        return false;
      }
      return call('views.open', { trigger_id: trigger, view }, { repeatable: false, patienceMs: OPEN_MS });
    },
    publish: async (user, blocks) => {
      const drawn = { text: '', blocks };
      const problem = outgoingProblem(drawn, isKnown);
      if (problem !== undefined) return onUnsaid(problem.replaceAll('_', ' '));
      const view = { type: 'home', blocks: messageArgs(drawn).blocks };
      await call('views.publish', { user_id: user, view }, { repeatable: true });
    },
  };
}
