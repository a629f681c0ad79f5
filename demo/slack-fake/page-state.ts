import { z } from 'zod';
import { mrkdwn, type NameOf, type Rich, unmarked } from './mrkdwn.ts';
import type { Block, Workspace } from './workspace.ts';

/** Everything that one person sees, as the page draws it. */
export type PageState = {
  readonly you: string;
  readonly people: readonly { readonly id: string; readonly name: string }[];
  readonly channels: readonly { readonly id: string; readonly name: string }[];
  readonly messages: readonly PageMessage[];
  readonly whispers: readonly PageWhisper[];
  readonly home: readonly PageBlock[];
  readonly window: PageWindow | null;
};
export type PageMessage = {
  readonly channel: string;
  readonly ts: string;
  readonly thread: string | null;
  readonly by: string;
  readonly app: boolean;
  readonly at: number;
  readonly edits: number;
  readonly blocks: readonly PageBlock[];
  readonly files: readonly { readonly id: string; readonly title: string; readonly alt: string }[];
};
export type PageWhisper = {
  readonly channel: string;
  readonly thread: string | null;
  readonly at: number;
  readonly blocks: readonly PageBlock[];
};
export type PageWindow = {
  readonly id: string;
  readonly title: string;
  readonly submit: string | null;
  readonly close: string;
  readonly blocks: readonly PageBlock[];
  readonly errors: Readonly<Record<string, string>>;
};
export type PageBlock =
  | { readonly t: 'text' | 'small' | 'header'; readonly texts: readonly (readonly Rich[])[] }
  | { readonly t: 'actions'; readonly elements: readonly PageElement[] }
  | {
      readonly t: 'input';
      readonly id: string;
      readonly label: string;
      readonly hint: string;
      readonly element: PageElement;
    }
  | { readonly t: 'line' };
export type PageElement =
  | {
      readonly t: 'button';
      readonly text: string;
      readonly action: string;
      readonly value: string;
      readonly style: string;
    }
  | { readonly t: 'field'; readonly lines: boolean; readonly most: number; readonly initial: string }
  | {
      readonly t: 'choice';
      readonly options: readonly { readonly text: string; readonly value: string }[];
      readonly initial: string;
    }
  /** Something that this page does not draw; it says so. */
  | { readonly t: 'unknown'; readonly type: string };

/** What `you` sees of a workspace. Pure. Blocks that the page does not know are named, never left out. */
export function pageState(workspace: Workspace, you: string): PageState {
  const { users, channels, bot } = workspace;
  const nameOf: NameOf = (id) => users.get(id)?.name ?? channels.get(id)?.name;
  const drawn = (blocks: readonly Block[], text: string): PageBlock[] =>
    blocks.length === 0 ? textBlock(text, nameOf) : blocks.map((block) => drawBlock(block, nameOf));
  const mine = [...channels.values()].filter(({ members }) => members.has(you));
  const isMine = ({ channel }: { channel: string }): boolean => mine.some(({ id }) => id === channel);
  const window = [...workspace.windows.values()].findLast(({ to }) => to === you);
  return {
    you,
    people: [...users.values()].filter((user) => !user.bot).map(({ id, name }) => ({ id, name })),
    channels: mine.map(({ id, name }) => ({ id, name })),
    messages: workspace.messages
      .filter((message) => !message.deleted && isMine(message))
      .map(({ channel, ts, thread, by, at, text, blocks, files, versions }) => ({
        ...{ channel, ts, thread, at },
        ...{ by: nameOf(by) ?? by, app: by === bot.user, edits: versions.length },
        blocks: drawn(blocks, files.length > 0 && text === '' ? '' : text),
        files: files.map(({ id, title, alt }) => ({ id, title, alt })),
      })),
    whispers: workspace.whispers
      .filter(({ to }) => to === you)
      .map(({ channel, thread, at, text, blocks }) => ({ channel, thread, at, blocks: drawn(blocks, text) })),
    home: (workspace.homes.get(you) ?? []).map((block) => drawBlock(block, nameOf)),
    window:
      window === undefined
        ? null
        : {
            id: window.id,
            title: window.view.title.text,
            submit: window.view.submit?.text ?? null,
            close: window.view.close?.text ?? 'Close',
            blocks: window.view.blocks.map((block) => drawBlock(block, nameOf)),
            errors: window.errors,
          },
  };
}

function textBlock(text: string, nameOf: NameOf): PageBlock[] {
  return text === '' ? [] : [{ t: 'text', texts: [mrkdwn(text, nameOf)] }];
}

const Text = z.object({ type: z.enum(['plain_text', 'mrkdwn']), text: z.string() });
const Plain = z.object({ text: z.string() });
const Option = z.object({ text: Plain, value: z.string() });
const Element = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('button'),
    text: Plain,
    action_id: z.string().default(''),
    value: z.string().default(''),
    style: z.string().default(''),
  }),
  z.object({
    type: z.literal('plain_text_input'),
    multiline: z.boolean().default(false),
    max_length: z.int().default(3000),
    initial_value: z.string().default(''),
  }),
  z.object({ type: z.literal('static_select'), options: z.array(Option), initial_option: Option.optional() }),
]);
const Known = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('section'),
    text: Text.optional(),
    fields: z.array(Text).default([]),
  }),
  z.object({ type: z.literal('context'), elements: z.array(Text) }),
  z.object({ type: z.literal('header'), text: Plain }),
  z.object({ type: z.literal('divider') }),
  z.object({ type: z.literal('actions'), elements: z.array(z.looseObject({ type: z.string() })) }),
  z.object({
    type: z.literal('input'),
    block_id: z.string().default(''),
    label: Plain,
    hint: Plain.optional(),
    element: z.looseObject({ type: z.string() }),
  }),
]);

function drawBlock(block: Block, nameOf: NameOf): PageBlock {
  const known = Known.safeParse(block);
  if (!known.success) return { t: 'small', texts: [unmarked(`(a block of type ${block.type})`)] };
  const { data } = known;
  const rich = ({ type, text }: z.infer<typeof Text>): Rich[] =>
    type === 'mrkdwn' ? mrkdwn(text, nameOf) : unmarked(text);
  switch (data.type) {
    case 'section':
      return {
        t: 'text',
        texts: [...(data.text === undefined ? [] : [data.text]), ...data.fields].map(rich),
      };
    case 'context':
      return { t: 'small', texts: data.elements.map(rich) };
    case 'header':
      return { t: 'header', texts: [unmarked(data.text.text)] };
    case 'divider':
      return { t: 'line' };
    case 'actions':
      return { t: 'actions', elements: data.elements.map(drawElement) };
    case 'input': {
      const { block_id: id, label, hint, element } = data;
      return { t: 'input', id, label: label.text, hint: hint?.text ?? '', element: drawElement(element) };
    }
  }
}

function drawElement(element: { readonly type: string }): PageElement {
  const known = Element.safeParse(element);
  if (!known.success) return { t: 'unknown', type: element.type };
  const { data } = known;
  switch (data.type) {
    case 'button':
      return {
        t: 'button',
        text: data.text.text,
        action: data.action_id,
        value: data.value,
        style: data.style,
      };
    case 'plain_text_input':
      return { t: 'field', lines: data.multiline, most: data.max_length, initial: data.initial_value };
    case 'static_select':
      return {
        t: 'choice',
        options: data.options.map(({ text, value }) => ({ text: text.text, value })),
        initial: data.initial_option?.value ?? '',
      };
  }
}
