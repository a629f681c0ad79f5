import { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import { HomeView, MessageBlocks, ModalView } from './blocks.ts';
import { type FakeFile, type FakeWorkspace, messageAt, type Numbers } from './state.ts';

export type Args = Readonly<Record<string, string>>;
/** What a method answers beside `ok`. */
export type Reply = Readonly<Record<string, unknown>>;
export type Refused = { readonly refused: string; readonly why?: string };

export type Uploads = Map<string, { readonly id: string; readonly alt: string; bytes: Buffer | null }>;
/** A click may open a window for three seconds, once. */
export type Triggers = Map<string, { readonly user: string; readonly until: number }>;

export type MethodContext = {
  readonly workspace: FakeWorkspace;
  readonly numbers: Numbers;
  readonly clock: Clock;
  readonly uploads: Uploads;
  readonly triggers: Triggers;
  /** Address of this server. */
  readonly url: () => string;
  /** The app wrote something that subscribers are told of. */
  readonly onPosted: (ts: string) => void;
};
type Method = (args: Args, context: MethodContext) => Reply | Refused;

const MOST_TEXT = 40_000;

/** The methods that a bot's token opens. */
export const methods: Readonly<Record<string, Method>> = {
  'auth.test': (_args, { workspace: { team, bot } }) => ({
    team_id: team,
    user_id: bot.user,
    bot_id: bot.id,
    url: 'https://fake.slack.com/',
  }),
  'chat.postMessage': postMessage,
  'chat.update': updateMessage,
  'chat.delete': deleteMessage,
  'chat.postEphemeral': postEphemeral,
  'conversations.info': conversationInfo,
  'conversations.members': members,
  'conversations.history': history,
  'conversations.replies': history,
  'users.list': usersList,
  'users.info': userInfo,
  'views.open': openView,
  'views.publish': publishHome,
  'files.getUploadURLExternal': uploadUrl,
  'files.completeUploadExternal': completeUpload,
};

function postMessage(args: Args, context: MethodContext): Reply | Refused {
  const { workspace, numbers, clock } = context;
  const place = placeOf(args, workspace);
  const content = contentOf(args);
  if ('refused' in place) return place;
  if ('refused' in content) return content;
  const ts = numbers.ts();
  const message = { ...place, ts, by: workspace.bot.user, at: clock.now(), deleted: false, versions: [] };
  workspace.messages.push({ ...message, ...content, metadata: jsonOf(args.metadata), files: [] });
  context.onPosted(ts);
  return { channel: place.channel, ts, message: { ts, text: content.text } };
}

function updateMessage(args: Args, { workspace, clock }: MethodContext): Reply | Refused {
  const message = messageAt(workspace, args.channel ?? '', args.ts ?? '');
  if (message === undefined) return { refused: 'message_not_found' };
  if (message.by !== workspace.bot.user) return { refused: 'cant_update_message' };
  const content = contentOf(args);
  if ('refused' in content) return content;
  message.versions.push({ at: message.at, text: message.text, blocks: message.blocks });
  Object.assign(message, content, { at: clock.now() });
  return { channel: message.channel, ts: message.ts, text: message.text };
}

function deleteMessage(args: Args, { workspace }: MethodContext): Reply | Refused {
  const message = messageAt(workspace, args.channel ?? '', args.ts ?? '');
  if (message === undefined) return { refused: 'message_not_found' };
  if (message.by !== workspace.bot.user) return { refused: 'cant_delete_message' };
  message.deleted = true;
  return { channel: message.channel, ts: message.ts };
}

function postEphemeral(args: Args, { workspace, numbers, clock }: MethodContext): Reply | Refused {
  const place = placeOf(args, workspace);
  const content = contentOf(args);
  if ('refused' in place) return place;
  if ('refused' in content) return content;
  const to = args.user ?? '';
  if (!workspace.channels.get(place.channel)?.members.has(to)) return { refused: 'user_not_in_channel' };
  workspace.whispers.push({ ...place, ...content, to, at: clock.now() });
  return { message_ts: numbers.ts() };
}

function conversationInfo(args: Args, { workspace }: MethodContext): Reply | Refused {
  const channel = workspace.channels.get(args.channel ?? '');
  if (channel === undefined) return { refused: 'channel_not_found' };
  const { id, name, shared, isPrivate, members } = channel;
  return {
    channel: {
      ...{ id, name, is_private: isPrivate, is_member: members.has(workspace.bot.user) },
      is_shared: shared !== 'no',
      is_org_shared: shared === 'workspaces',
      is_ext_shared: shared === 'organisations',
      is_pending_ext_shared: false,
    },
  };
}

function members(args: Args, { workspace }: MethodContext): Reply | Refused {
  const channel = workspace.channels.get(args.channel ?? '');
  if (channel === undefined) return { refused: 'channel_not_found' };
  return page([...channel.members], args, 'members');
}

/** Of a channel newest first, of a thread (`ts`) oldest first with its root, as Slack gives them. */
function history(args: Args, { workspace }: MethodContext): Reply | Refused {
  const { channel = '', ts: root, oldest = '0' } = args;
  if (!workspace.channels.has(channel)) return { refused: 'channel_not_found' };
  const there = workspace.messages.filter(
    (one) =>
      one.channel === channel &&
      !one.deleted &&
      Number(one.ts) > Number(oldest) &&
      (root === undefined ? one.thread === null : one.thread === root || one.ts === root),
  );
  const shown = (root === undefined ? there.toReversed() : there).slice(0, Number(args.limit ?? 100));
  return {
    messages: shown.map(({ ts, text, by, metadata }) => ({
      ...{ type: 'message', ts, text, user: by },
      ...(metadata === null ? {} : { metadata }),
    })),
    has_more: false,
  };
}

function usersList(args: Args, { workspace }: MethodContext): Reply {
  return page([...workspace.users.values()].map(userOf(workspace)), args, 'members');
}

function userInfo(args: Args, { workspace }: MethodContext): Reply | Refused {
  const user = workspace.users.get(args.user ?? '');
  return user === undefined ? { refused: 'user_not_found' } : { user: userOf(workspace)(user) };
}

const userOf =
  ({ team }: FakeWorkspace) =>
  ({ id, name, guest, bot }: { id: string; name: string; guest: boolean; bot: boolean }) => ({
    ...{ id, name, team_id: team, deleted: false },
    ...{ is_restricted: guest, is_ultra_restricted: false, is_bot: bot },
  });

function page(items: readonly unknown[], args: Args, name: string): Reply {
  const from = Number(args.cursor ?? 0);
  const to = from + Number(args.limit ?? 100);
  const next_cursor = to < items.length ? String(to) : '';
  return { [name]: items.slice(from, to), response_metadata: { next_cursor } };
}

function openView(args: Args, { workspace, numbers, clock, triggers }: MethodContext): Reply | Refused {
  const trigger = triggers.get(args.trigger_id ?? '');
  if (trigger === undefined) return { refused: 'invalid_trigger_id' };
  triggers.delete(args.trigger_id ?? '');
  if (clock.now() > trigger.until) return { refused: 'expired_trigger_id' };
  const view = ModalView.safeParse(jsonOf(args.view));
  if (!view.success) return { refused: 'invalid_arguments', why: z.prettifyError(view.error) };
  const id = numbers.id('V');
  workspace.windows.set(id, { id, to: trigger.user, view: view.data, errors: {} });
  return { view: { id, ...view.data } };
}

function publishHome(args: Args, { workspace, numbers }: MethodContext): Reply | Refused {
  const user = args.user_id ?? '';
  if (!workspace.users.has(user)) return { refused: 'user_not_found' };
  const view = HomeView.safeParse(jsonOf(args.view));
  if (!view.success) return { refused: 'invalid_arguments', why: z.prettifyError(view.error) };
  workspace.homes.set(user, view.data.blocks);
  return { view: { id: numbers.id('V') } };
}

function uploadUrl(args: Args, { numbers, uploads, url }: MethodContext): Reply | Refused {
  if (!args.filename || !(Number(args.length) > 0)) return { refused: 'invalid_arguments' };
  const id = numbers.id('F');
  uploads.set(id, { id, alt: args.alt_text ?? '', bytes: null });
  return { upload_url: `${url()}/upload/${id}`, file_id: id };
}

const Files = z.array(z.strictObject({ id: z.string(), title: z.string().max(255).optional() })).min(1);

function completeUpload(args: Args, context: MethodContext): Reply | Refused {
  const { workspace, numbers, clock, uploads } = context;
  const place = placeOf({ ...args, channel: args.channel_id ?? '' }, workspace);
  if ('refused' in place) return place;
  const named = Files.safeParse(jsonOf(args.files));
  if (!named.success) return { refused: 'invalid_arguments' };
  const files = named.data.flatMap(({ id, title = 'Untitled' }): FakeFile[] => {
    const upload = uploads.get(id);
    return upload?.bytes ? [{ id, title, alt: upload.alt, bytes: upload.bytes }] : [];
  });
  if (files.length < named.data.length) return { refused: 'file_not_found' };
  for (const { id } of files) uploads.delete(id);
  const ts = numbers.ts();
  workspace.messages.push({
    ...{ ...place, ts, by: workspace.bot.user, at: clock.now(), deleted: false, versions: [] },
    ...{ text: args.initial_comment ?? '', blocks: [], metadata: null, files },
  });
  context.onPosted(ts);
  return { files: files.map(({ id, title }) => ({ id, title })) };
}

function placeOf(args: Args, workspace: FakeWorkspace): { channel: string; thread: string | null } | Refused {
  const channel = workspace.channels.get(args.channel ?? '');
  if (channel === undefined) return { refused: 'channel_not_found' };
  if (!channel.members.has(workspace.bot.user)) return { refused: 'not_in_channel' };
  const thread = args.thread_ts ?? null;
  if (thread !== null && messageAt(workspace, channel.id, thread)?.thread !== null)
    return { refused: 'thread_not_found' };
  return { channel: channel.id, thread };
}

function contentOf(args: Args): { text: string; blocks: z.infer<typeof MessageBlocks> } | Refused {
  const text = args.text ?? '';
  if (text.length > MOST_TEXT) return { refused: 'msg_too_long' };
  const blocks = MessageBlocks.safeParse(args.blocks === undefined ? [] : jsonOf(args.blocks));
  if (!blocks.success) return { refused: 'invalid_blocks', why: z.prettifyError(blocks.error) };
  return text === '' && blocks.data.length === 0 ? { refused: 'no_text' } : { text, blocks: blocks.data };
}

/** Undefined where it is none; what takes it says no to that. */
function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return undefined;
  }
}
