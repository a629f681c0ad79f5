import type { ModalView } from '@slack/types';
import { z } from 'zod';
import type { Clock, Random } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import type { PersonId } from '#core/ids.ts';
import { readButton } from './cards/values.ts';
import type { Incoming } from './incoming.ts';
import type { Answer, Click, Handlers, Place, Speaker } from './ports.ts';
import { readText } from './read-text.ts';
import type { Replies } from './replies.ts';
import { createSeen } from './seen.ts';

export type DispatchDeps = {
  readonly handlers: Handlers;
  readonly replies: Replies;
  readonly clock: Clock;
  readonly random: Random;
  /** Who an account of a workspace is here; null: nobody we know. */
  readonly personOf: (team: string, user: string) => PersonId | null;
  /** Our own account, once it is known. */
  readonly self: () => string | undefined;
  /** Something of ours failed; the correlation id was shown to the person. */
  readonly onError: (correlation: string, message: string) => void;
};

/** Tells Slack that it arrived, once, with what belongs into the answer; must happen within three seconds. */
export type Acknowledge = (response?: Readonly<Record<string, unknown>>) => Promise<void>;
export type Dispatch = (incoming: Incoming, acknowledge: Acknowledge) => Promise<void>;

/** A command that is answered later than this gets its answer as a message of its own. */
const ANSWER_WITHIN_MS = 2_000;
/** Slack tries again for about an hour. */
const KEEP_MS = 3_600_000;

/** What a form carries from the click that opened it to the moment it is sent. */
const Carried = z.strictObject({
  action: z.string(),
  value: z.string(),
  channel: z.string(),
  thread: z.string().nullable(),
});
type Carried = z.infer<typeof Carried>;

/**
 * Hands what people say and click to whoever answers it, once, however often Slack sends it, and says the answer. Every
 * thing is acknowledged before it is worked on. A failure of ours becomes one line for the person with a correlation id.
 * Does not throw.
 */
export function createDispatch(deps: DispatchDeps): Dispatch {
  const seen = createSeen({ keepMs: KEEP_MS, most: 10_000 });
  return async (incoming, acknowledge) => {
    const once = keyOf(incoming);
    const isNew = once === undefined || seen.add(once, deps.clock.now());
    if (incoming.kind === 'command' && isNew) return onCommand(deps, incoming, acknowledge);
    await acknowledge();
    if (!isNew) return;
    switch (incoming.kind) {
      case 'message':
        return onMessage(deps, incoming);
      case 'click':
        return onClick(deps, incoming);
      case 'form':
        return onForm(deps, incoming);
      case 'home':
        return onHome(deps, incoming);
      case 'command':
      case 'other':
        return;
    }
  };
}

type Of<K extends Incoming['kind']> = Extract<Incoming, { kind: K }>;

async function onCommand(
  deps: DispatchDeps,
  incoming: Of<'command'>,
  acknowledge: Acknowledge,
): Promise<void> {
  const { handlers, replies, clock } = deps;
  const who = speakerOf(deps, incoming);
  const place: Place = { team: incoming.team, channel: incoming.channel, thread: null };
  const text = textOf(deps, incoming);
  const answering = guarded(deps, () => handlers.onCommand({ who, place, text }));
  const inTime = await within(clock, ANSWER_WITHIN_MS, answering);
  if (inTime !== undefined) return acknowledge(replies.atOnce(inTime));
  await acknowledge();
  await replies.say({ who, place }, { ...(await answering), visible: 'only_you' });
}

async function onClick(deps: DispatchDeps, incoming: Of<'click'>): Promise<void> {
  const { team, channel, thread, action, value, trigger } = incoming;
  const on = readButton(action, value);
  if (on === undefined) return;
  const click: Click = { who: speakerOf(deps, incoming), place: { team, channel, thread }, on };
  const given = await guarded<Answer | ModalView>(
    deps,
    async () => deps.handlers.modal(click) ?? answerTo(deps, click, {}),
  );
  if (!('type' in given)) return deps.replies.say(click, given);
  return deps.replies.open(trigger, withCarried(given, { action, value, channel, thread }));
}

async function onForm(deps: DispatchDeps, incoming: Of<'form'>): Promise<void> {
  const carried = Carried.safeParse(jsonOf(incoming.metadata));
  if (!carried.success) return;
  const { action, value, channel, thread } = carried.data;
  const on = readButton(action, value);
  if (on === undefined || action !== incoming.action) return;
  const click: Click = {
    who: speakerOf(deps, incoming),
    place: { team: incoming.team, channel, thread },
    on,
  };
  return deps.replies.say(click, await guarded(deps, () => answerTo(deps, click, incoming.fields)));
}

function answerTo(
  { handlers }: DispatchDeps,
  { who, place, on }: Click,
  fields: Readonly<Record<string, string>>,
): Promise<Answer> {
  if (on.kind === 'incident') {
    const { incident, verb, detail } = on;
    const all = detail === null ? fields : { ...fields, detail };
    return handlers.onPressed({ who, place, incident, verb, fields: all });
  }
  const { approval, hash, decision } = on;
  return handlers.onDecision({ who, place, approval, hash, decision, typed: fields.typed ?? null });
}

async function onMessage(deps: DispatchDeps, incoming: Of<'message'>): Promise<void> {
  const { team, channel, thread, ts: message } = incoming;
  const who = speakerOf(deps, incoming);
  const place: Place = { team, channel, thread };
  const text = textOf(deps, incoming);
  const answer = await guarded(deps, () => deps.handlers.onMessage({ who, place, message, text }));
  // An answer to the first message of a thread opens the thread below it.
  if (answer !== null)
    await deps.replies.say({ who, place: { ...place, thread: thread ?? message } }, answer);
}

async function onHome(deps: DispatchDeps, incoming: Of<'home'>): Promise<void> {
  const who = speakerOf(deps, incoming);
  const shown = await guarded(deps, async () => ({ blocks: await deps.handlers.home(who) }));
  await deps.replies.publish(who.user, shown.blocks);
}

function speakerOf(
  deps: DispatchDeps,
  { userTeam: team, user }: { userTeam: string; user: string },
): Speaker {
  return { team, user, person: deps.personOf(team, user) };
}

function textOf({ personOf, self }: DispatchDeps, { team, text }: { team: string; text: string }): string {
  return readText(text, (user) => (user === self() ? 'firebreak' : personOf(team, user)));
}

/** What `work` gives, or the one line that says that it failed. */
async function guarded<T>(
  { random, onError }: Pick<DispatchDeps, 'random' | 'onError'>,
  work: () => Promise<T>,
): Promise<T | Answer> {
  try {
    return await work();
  } catch (error) {
    const correlation = `c-${random.bytes(4).toString('hex')}`;
    onError(correlation, messageOf(error));
    return failed(correlation);
  }
}

/** The same thing sent again has the same key; undefined: it may come any number of times. */
function keyOf(incoming: Incoming): string | undefined {
  switch (incoming.kind) {
    case 'message':
      return `message ${incoming.channel} ${incoming.ts}`;
    case 'click':
      return incoming.trigger === '' ? undefined : `trigger ${incoming.trigger}`;
    case 'command':
    case 'form':
      return incoming.once === '' ? undefined : `trigger ${incoming.once}`;
    case 'home':
    case 'other':
      return undefined;
  }
}

function withCarried(form: ModalView, carried: Carried): ModalView {
  return { ...form, callback_id: carried.action, private_metadata: JSON.stringify(carried) };
}

function failed(correlation: string): Answer {
  const text = `This failed on our side. The server’s output says why under ${correlation}.`;
  return {
    text,
    blocks: [{ type: 'section', text: { type: 'plain_text', text, emoji: false } }],
    visible: 'only_you',
  };
}

/** What `work` gives within `ms`; undefined when it takes longer. */
async function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const cancel = clock.after(ms, () => late.resolve(undefined));
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    cancel();
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
