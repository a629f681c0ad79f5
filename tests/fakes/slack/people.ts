import { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import { type FakeBlock, MessageBlocks } from './blocks.ts';
import type { Triggers } from './methods.ts';
import { type Delivered, type Envelope, PATIENCE_MS } from './socket.ts';
import { type FakeWindow, type FakeWorkspace, messageAt, type Numbers } from './state.ts';

export type PeopleDeps = {
  readonly workspace: FakeWorkspace;
  readonly numbers: Numbers;
  readonly clock: Clock;
  readonly triggers: Triggers;
  readonly deliver: (envelope: Envelope) => Promise<Delivered>;
};

/** What people do in the workspace. Each resolves when the app acknowledged it, or did not. */
export type FakePeople = {
  /** Writes a message; `ts` is its id. */
  say(what: {
    user: string;
    channel: string;
    text: string;
    thread?: string;
  }): Promise<Delivered & { ts: string }>;
  command(what: { user: string; channel: string; text: string; command?: string }): Promise<Delivered>;
  /** Clicks a button of a message that everybody sees. Throws when there is no such button. */
  click(what: { user: string; channel: string; ts: string; action: string }): Promise<Delivered>;
  /** Clicks a button of what only this person sees; `at` counts their whispers from the oldest. */
  clickWhisper(what: { user: string; at: number; action: string }): Promise<Delivered>;
  /** Sends an open window with values by block id. It closes unless the app answers with errors. */
  submit(what: { window: string; values: Readonly<Record<string, string>> }): Promise<Delivered>;
  /** Closes a window without sending it. */
  dismiss(window: string): void;
  openHome(user: string): Promise<Delivered>;
  /** Sends the last thing that was sent once more, as Slack does when an answer was lost. */
  repeat(): Promise<Delivered>;
};

export function createPeople(deps: PeopleDeps): FakePeople {
  const { workspace, numbers, clock } = deps;
  const about = { team_id: workspace.team, api_app_id: workspace.app };
  let last: Envelope | undefined;
  const deliver = (envelope: Envelope): Promise<Delivered> => {
    last = envelope;
    return deps.deliver(envelope);
  };
  const trigger = (user: string): string => {
    const id = numbers.id('trigger-');
    deps.triggers.set(id, { user, until: clock.now() + PATIENCE_MS });
    return id;
  };
  const acted = (user: string, rest: Readonly<Record<string, unknown>>): Envelope => ({
    type: 'interactive',
    payload: {
      ...{ user: { id: user, team_id: workspace.team }, team: { id: workspace.team } },
      ...{ api_app_id: workspace.app, trigger_id: trigger(user), ...rest },
    },
  });
  const clicked = (user: string, place: Readonly<Record<string, unknown>>, on: Found): Promise<Delivered> =>
    deliver(
      acted(user, {
        type: 'block_actions',
        container: { type: 'message', ...place },
        channel: { id: place.channel_id },
        actions: [{ type: 'button', ...on, action_ts: numbers.ts() }],
      }),
    );

  return {
    say: async ({ user, channel, text, thread }) => {
      const [ts, at] = [numbers.ts(), clock.now()];
      workspace.messages.push({
        ...{ channel, ts, thread: thread ?? null, by: user, at, text, blocks: [], metadata: null },
        ...{ files: [], versions: [], deleted: false },
      });
      const event = { type: 'message', channel, user, text, ts, channel_type: 'channel' };
      const delivered = await deliver(
        eventOf(deps, { ...event, ...(thread === undefined ? {} : { thread_ts: thread }) }),
      );
      return { ...delivered, ts };
    },
    command: async ({ user, channel, text, command = '/firebreak' }) => {
      const who = { user_id: user, user_name: workspace.users.get(user)?.name ?? user, channel_id: channel };
      const payload = { command, text, ...who, ...about, trigger_id: trigger(user) };
      const delivered = await deliver({ type: 'slash_commands', payload });
      if (delivered.kind === 'acknowledged') whisper(deps, { user, channel }, delivered.response);
      return delivered;
    },
    click: ({ user, channel, ts, action }) => {
      const message = messageAt(workspace, channel, ts);
      const thread = message?.thread ?? null;
      const place = { message_ts: ts, channel_id: channel, is_ephemeral: false };
      const button = findButton(message?.blocks ?? [], action);
      return clicked(user, { ...place, ...(thread === null ? {} : { thread_ts: thread }) }, button);
    },
    clickWhisper: ({ user, at, action }) => {
      const seen = workspace.whispers.filter(({ to }) => to === user)[at];
      const place = { message_ts: numbers.ts(), channel_id: seen?.channel, is_ephemeral: true };
      const thread = seen?.thread ?? null;
      const button = findButton(seen?.blocks ?? [], action);
      return clicked(user, { ...place, ...(thread === null ? {} : { thread_ts: thread }) }, button);
    },
    submit: async ({ window: id, values }) => {
      const window = workspace.windows.get(id);
      if (window === undefined) throw new Error(`there is no open window ${id}`);
      const { callback_id, private_metadata } = window.view;
      const state = { values: stateOf(window, values) };
      const view = { id, type: 'modal', callback_id, private_metadata, state };
      const delivered = await deliver(acted(window.to, { type: 'view_submission', view }));
      if (delivered.kind === 'acknowledged') settle(workspace, window, delivered.response);
      return delivered;
    },
    dismiss: (id) => void workspace.windows.delete(id),
    openHome: (user) =>
      deliver(eventOf(deps, { type: 'app_home_opened', user, tab: 'home', channel: 'D0HOME' })),
    repeat: async () => {
      if (last === undefined) throw new Error('nothing was sent yet');
      return deps.deliver(last);
    },
  };
}

/** An event with the cover that Slack puts around it. */
export function eventOf(
  { workspace, numbers, clock }: Pick<PeopleDeps, 'workspace' | 'numbers' | 'clock'>,
  event: Readonly<Record<string, unknown>>,
): Envelope {
  const cover = { team_id: workspace.team, api_app_id: workspace.app, type: 'event_callback' };
  const time = Math.floor(clock.now() / 1000);
  return { type: 'events_api', payload: { ...cover, event, event_id: numbers.id('Ev'), event_time: time } };
}

type Found = { action_id: string; block_id: string; value: string };

function findButton(blocks: readonly FakeBlock[], action: string): Found {
  const all = blocks.flatMap((block, at) => {
    const elements =
      block.type === 'actions'
        ? block.elements
        : block.type === 'section' && block.accessory !== undefined
          ? [block.accessory]
          : [];
    return elements.flatMap((one) =>
      one.type === 'button'
        ? [{ action_id: one.action_id, block_id: block.block_id ?? `b${at}`, value: one.value ?? '' }]
        : [],
    );
  });
  const found = all.find(({ action_id }) => action_id === action);
  if (found !== undefined) return found;
  throw new Error(`there is no button ${action}; there are: ${all.map((one) => one.action_id).join(', ')}`);
}

function stateOf({ view }: FakeWindow, values: Readonly<Record<string, string>>) {
  const inputs = view.blocks.flatMap((block) => (block.type === 'input' ? [block] : []));
  return Object.fromEntries(
    inputs.map(({ block_id = '', element }) => {
      const value = values[block_id] ?? null;
      const filled =
        element.type === 'static_select'
          ? {
              type: element.type,
              selected_option: element.options.find((one) => one.value === value) ?? null,
            }
          : { type: element.type, value };
      return [block_id, { [element.action_id]: filled }];
    }),
  );
}

const Response = z.looseObject({
  response_action: z.string().optional(),
  errors: z.record(z.string(), z.string()).optional(),
  text: z.string().optional(),
  blocks: MessageBlocks.optional(),
});

function settle(workspace: FakeWorkspace, window: FakeWindow, response: unknown): void {
  const answered = Response.safeParse(response ?? {});
  const errors =
    answered.success && answered.data.response_action === 'errors' ? answered.data.errors : undefined;
  if (errors === undefined) workspace.windows.delete(window.id);
  else workspace.windows.set(window.id, { ...window, errors });
}

/** What a command is answered with at once is seen by its speaker only. */
function whisper(
  { workspace, clock }: PeopleDeps,
  { user, channel }: { user: string; channel: string },
  response: unknown,
): void {
  const answered = Response.safeParse(response ?? {});
  if (!answered.success) {
    workspace.misuse.push('a command was answered with a message that Slack would not show');
  } else if (answered.data.text !== undefined || answered.data.blocks !== undefined) {
    const { text = '', blocks = [] } = answered.data;
    workspace.whispers.push({ channel, thread: null, to: user, text, blocks, at: clock.now() });
  }
}
