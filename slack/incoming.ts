import { z } from 'zod';

/** Ids as Slack makes them. */
const Id = z.string().regex(/^[A-Z][A-Z0-9]{2,30}$/);
const Stamp = z.string().regex(/^\d{1,12}\.\d{1,6}$/);
const Account = z.looseObject({ id: Id, team_id: Id.optional() });

/** Who it is about: which workspace and which app it was sent to, and the account that did it. */
type From = { readonly team: string; readonly app: string; readonly userTeam: string; readonly user: string };

/** What came in, as far as it is any business of ours. Texts and values are untrusted. */
export type Incoming =
  | (From & {
      readonly kind: 'message';
      readonly channel: string;
      readonly thread: string | null;
      readonly ts: string;
      readonly text: string;
    })
  | (From & { readonly kind: 'home' })
  | (From & {
      readonly kind: 'command';
      readonly channel: string;
      readonly text: string;
      readonly once: string;
    })
  | (From & {
      readonly kind: 'click';
      readonly channel: string;
      readonly thread: string | null;
      readonly action: string;
      readonly value: string;
      readonly trigger: string;
    })
  | (From & {
      readonly kind: 'form';
      readonly action: string;
      readonly metadata: string;
      readonly fields: Readonly<Record<string, string>>;
      readonly once: string;
    })
  | (Pick<From, 'team' | 'app'> & { readonly kind: 'other' });

const Cover = z.looseObject({ team_id: Id, api_app_id: Id });
const Event = Cover.extend({ type: z.literal('event_callback'), event: z.looseObject({ type: z.string() }) });
const Message = z.looseObject({
  type: z.enum(['message', 'app_mention']),
  channel: Id,
  user: Id,
  /** Of people of other organisations in a shared channel. */
  user_team: Id.optional(),
  team: Id.optional(),
  ts: Stamp,
  thread_ts: Stamp.optional(),
  text: z.string().max(40_000),
  bot_id: z.never().optional(),
  subtype: z.enum(['file_share', 'thread_broadcast']).optional(),
});
const Home = z.looseObject({ type: z.literal('app_home_opened'), user: Id, tab: z.literal('home') });
const Command = Cover.extend({
  command: z.string().max(40),
  text: z.string().max(8_000).default(''),
  user_id: Id,
  channel_id: Id,
  trigger_id: z.string().max(200),
});
const Interaction = z.looseObject({
  team: z.looseObject({ id: Id }),
  api_app_id: Id,
  user: Account,
  trigger_id: z.string().max(200).default(''),
});
const Click = Interaction.extend({
  type: z.literal('block_actions'),
  channel: z.looseObject({ id: Id }),
  container: z.looseObject({
    message_ts: Stamp.optional(),
    thread_ts: Stamp.optional(),
    is_ephemeral: z.boolean().default(false),
  }),
  actions: z.tuple([
    z.looseObject({ action_id: z.string().max(255), value: z.string().max(2000).default('') }),
  ]),
});
const Filled = z.looseObject({
  value: z.string().max(3000).nullish(),
  selected_option: z.looseObject({ value: z.string().max(150) }).nullish(),
});
const Form = Interaction.extend({
  type: z.literal('view_submission'),
  view: z.looseObject({
    callback_id: z.string().max(255),
    private_metadata: z.string().max(3000),
    state: z.looseObject({ values: z.record(z.string(), z.record(z.string(), Filled)) }),
  }),
});

/**
 * Reads what Slack sent: a message of a person, a command, a click, a form or a look at the Home tab. `other` is from
 * Slack and no business of ours: events of bots, edits, joins. Undefined: not readable at all. Never throws.
 */
export function readIncoming(body: unknown): Incoming | undefined {
  const event = Event.safeParse(body);
  if (event.success) return ofEvent(event.data);
  const command = Command.safeParse(body);
  if (command.success) {
    const { team_id: team, api_app_id: app, user_id: user, channel_id: channel, text } = command.data;
    const once = command.data.trigger_id;
    return { kind: 'command', team, app, userTeam: team, user, channel, text, once };
  }
  const click = Click.safeParse(body);
  if (click.success) {
    const { channel, container, actions, trigger_id: trigger } = click.data;
    const [{ action_id: action, value }] = actions;
    const { thread_ts, message_ts, is_ephemeral } = container;
    const thread = thread_ts ?? (is_ephemeral ? undefined : message_ts) ?? null;
    return { kind: 'click', ...fromOf(click.data), channel: channel.id, thread, action, value, trigger };
  }
  const form = Form.safeParse(body);
  if (form.success) {
    const { callback_id: action, private_metadata: metadata, state } = form.data.view;
    const once = form.data.trigger_id;
    return { kind: 'form', ...fromOf(form.data), action, metadata, fields: fieldsOf(state.values), once };
  }
  const cover = z.union([Cover, Interaction]).safeParse(body);
  if (!cover.success) return undefined;
  const about = Cover.safeParse(body);
  if (about.success) return { kind: 'other', team: about.data.team_id, app: about.data.api_app_id };
  const acted = Interaction.safeParse(body);
  return acted.success ? { kind: 'other', ...fromOf(acted.data) } : undefined;
}

function ofEvent({ team_id: team, api_app_id: app, event }: z.infer<typeof Event>): Incoming {
  const home = Home.safeParse(event);
  if (home.success) return { kind: 'home', team, app, userTeam: team, user: home.data.user };
  const message = Message.safeParse(event);
  if (!message.success) return { kind: 'other', team, app };
  const { user, user_team, team: sender, channel, thread_ts: thread = null, ts, text } = message.data;
  return {
    kind: 'message',
    team,
    app,
    userTeam: user_team ?? sender ?? team,
    user,
    channel,
    thread,
    ts,
    text,
  };
}

function fromOf({ team, api_app_id: app, user }: z.infer<typeof Interaction>): From {
  return { team: team.id, app, userTeam: user.team_id ?? team.id, user: user.id };
}

function fieldsOf(values: z.infer<typeof Form>['view']['state']['values']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([block, inputs]) => {
      const [filled] = Object.values(inputs);
      return [block, filled?.selected_option?.value ?? filled?.value ?? ''];
    }),
  );
}
