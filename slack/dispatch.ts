import type { ModalView } from '@slack/types';
import { z } from 'zod';
import type { Clock, Random } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import { readJson } from '#core/foreign-json.ts';
import type { PersonId } from '#core/ids.ts';
import { TYPED_FIELD } from './cards/modals.ts';
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

/** Slack waits three seconds; what is answered later than this is said in a message of its own. */
const ANSWER_WITHIN_MS = 2_000;
/** Slack tries again for about an hour. */
const KEEP_MS = 3_600_000;

const NOT_OPENED = lineOf('The form could not be opened; press the button again. Nothing was done.');

/** What a form carries from the click that opened it to the moment it is sent. */
const Carried = z.strictObject({
  action: z.string(),
  value: z.string(),
  channel: z.string(),
  thread: z.string().nullable(),
});
type Carried = z.infer<typeof Carried>;

/** What came of it, and how the person hears of it. */
type Handled = {
  /** What goes back with the acknowledgement, as long as Slack waits for it. */
  readonly response?: Readonly<Record<string, unknown>>;
  /** What is said after that, and what when the acknowledgement went without it. */
  readonly after: () => Promise<unknown>;
  readonly late?: () => Promise<unknown>;
};
const NOTHING: Handled = { after: async () => {} };

/**
 * Hands what people say and click to whoever answers it, once, however often Slack sends it, and says the answer. It is
 * acknowledged when it is recorded, or after two seconds: what a crash takes before that comes again, or fails before the
 * eyes of who clicked. A failure of ours becomes one line for the person with a correlation id. Does not throw.
 */
export function createDispatch(deps: DispatchDeps): Dispatch {
  const seen = createSeen({ keepMs: KEEP_MS, most: 10_000 });
  return async (incoming, acknowledge) => {
    const once = keyOf(incoming);
    if (once !== undefined && !seen.add(once, deps.clock.now())) return acknowledge();
    const handling = handledOf(deps, incoming);
    const inTime = await within(deps.clock, ANSWER_WITHIN_MS, handling);
    await acknowledge(inTime?.response);
    const { after, late = after } = await handling;
    await (inTime === undefined ? late() : after());
  };
}

function handledOf(deps: DispatchDeps, incoming: Incoming): Promise<Handled> {
  switch (incoming.kind) {
    case 'command':
      return onCommand(deps, incoming);
    case 'message':
      return onMessage(deps, incoming);
    case 'click':
      return onClick(deps, incoming);
    case 'form':
      return onForm(deps, incoming);
    case 'home':
      return onHome(deps, incoming);
    case 'other':
      return Promise.resolve(NOTHING);
  }
}

type Of<K extends Incoming['kind']> = Extract<Incoming, { kind: K }>;

async function onCommand(deps: DispatchDeps, incoming: Of<'command'>): Promise<Handled> {
  const { handlers, replies } = deps;
  const who = speakerOf(deps, incoming);
  const place: Place = { team: incoming.team, channel: incoming.channel, thread: null };
  const text = textOf(deps, incoming);
  const answer = await guarded(deps, () => handlers.onCommand({ who, place, text }));
  return {
    response: replies.atOnce(answer),
    after: async () => {},
    late: () => replies.say({ who, place }, { ...answer, visible: 'only_you' }),
  };
}

async function onClick(deps: DispatchDeps, incoming: Of<'click'>): Promise<Handled> {
  const { team, channel, thread, action, value, trigger } = incoming;
  const on = readButton(action, value);
  if (on === undefined) return NOTHING;
  const click: Click = { who: speakerOf(deps, incoming), place: { team, channel, thread }, on };
  const given = await guarded<Answer | ModalView>(
    deps,
    async () => deps.handlers.modal(click) ?? answerTo(deps, click, {}),
  );
  if (!('type' in given)) return { after: () => deps.replies.say(click, given) };
  const form = withCarried(given, { action, value, channel, thread });
  return {
    after: async () => {
      if (!(await deps.replies.open(trigger, form))) await deps.replies.say(click, NOT_OPENED);
    },
  };
}

async function onForm(deps: DispatchDeps, incoming: Of<'form'>): Promise<Handled> {
  const carried = Carried.safeParse(readJson(incoming.metadata));
  if (!carried.success) return NOTHING;
  const { action, value, channel, thread } = carried.data;
  const on = readButton(action, value);
  if (on === undefined || action !== incoming.action) return NOTHING;
  const click: Click = {
    who: speakerOf(deps, incoming),
    place: { team: incoming.team, channel, thread },
    on,
  };
  const answer = await guarded(deps, () => answerTo(deps, click, incoming.fields));
  const late = () => deps.replies.say(click, answer);
  if (answer.retype === undefined) return { after: late };
  const errors = { [TYPED_FIELD]: answer.retype };
  return { response: { response_action: 'errors', errors }, after: async () => {}, late };
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

async function onMessage(deps: DispatchDeps, incoming: Of<'message'>): Promise<Handled> {
  const { team, channel, thread, ts: message } = incoming;
  const who = speakerOf(deps, incoming);
  const place: Place = { team, channel, thread };
  const text = textOf(deps, incoming);
  const answer = await guarded(deps, () => deps.handlers.onMessage({ who, place, message, text }));
  if (answer === null) return NOTHING;
  // An answer to the first message of a thread opens the thread below it.
  const there = { ...place, thread: thread ?? message };
  return { after: () => deps.replies.say({ who, place: there }, answer) };
}

async function onHome(deps: DispatchDeps, incoming: Of<'home'>): Promise<Handled> {
  const who = speakerOf(deps, incoming);
  const shown = await guarded(deps, async () => ({ blocks: await deps.handlers.home(who) }));
  return { after: () => deps.replies.publish(who.user, shown.blocks) };
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
  return lineOf(`This failed on our side. The server’s output says why under ${correlation}.`);
}

function lineOf(text: string): Answer {
  const block = { type: 'section', text: { type: 'plain_text', text, emoji: false } } as const;
  return { text, blocks: [block], visible: 'only_you' };
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
