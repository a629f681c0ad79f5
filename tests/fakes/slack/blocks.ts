import { z } from 'zod';

/** What Slack takes: shapes and limits of messages, windows and home tabs, as its reference has them. */

const text = (max: number) => z.string().min(1).max(max);
const plainText = (max: number) =>
  z.strictObject({ type: z.literal('plain_text'), text: text(max), emoji: z.boolean().optional() });
const mrkdwn = (max: number) =>
  z.strictObject({ type: z.literal('mrkdwn'), text: text(max), verbatim: z.boolean().optional() });
const anyText = (max: number) => z.union([plainText(max), mrkdwn(max)]);
const actionId = text(255);

const confirm = z.strictObject({
  title: plainText(100),
  text: anyText(300),
  confirm: plainText(30),
  deny: plainText(30),
  style: z.enum(['primary', 'danger']).optional(),
});
const button = z.strictObject({
  type: z.literal('button'),
  text: plainText(75),
  action_id: actionId,
  url: text(3000).optional(),
  value: text(2000).optional(),
  style: z.enum(['primary', 'danger']).optional(),
  confirm: confirm.optional(),
  accessibility_label: text(75).optional(),
});
const option = z.strictObject({
  text: anyText(75),
  value: text(150),
  description: plainText(75).optional(),
});
const select = z.strictObject({
  type: z.literal('static_select'),
  action_id: actionId,
  placeholder: plainText(150).optional(),
  options: z.array(option).min(1).max(100),
  initial_option: option.optional(),
  confirm: confirm.optional(),
});
const plainInput = z.strictObject({
  type: z.literal('plain_text_input'),
  action_id: actionId,
  placeholder: plainText(150).optional(),
  initial_value: z.string().max(3000).optional(),
  multiline: z.boolean().optional(),
  min_length: z.int().min(0).max(3000).optional(),
  max_length: z.int().min(1).max(3000).optional(),
  focus_on_load: z.boolean().optional(),
});
const image = z.strictObject({ type: z.literal('image'), image_url: text(3000), alt_text: text(2000) });

const id = { block_id: text(255).optional() };
const section = z
  .strictObject({
    type: z.literal('section'),
    ...id,
    text: anyText(3000).optional(),
    fields: z.array(anyText(2000)).min(1).max(10).optional(),
    accessory: z.union([button, select, image]).optional(),
    expand: z.boolean().optional(),
  })
  .refine((block) => block.text !== undefined || block.fields !== undefined, 'must have text or fields');
const shown = [
  section,
  z.strictObject({ type: z.literal('divider'), ...id }),
  z.strictObject({ type: z.literal('header'), ...id, text: plainText(150) }),
  z.strictObject({
    type: z.literal('context'),
    ...id,
    elements: z
      .array(z.union([anyText(3000), image]))
      .min(1)
      .max(10),
  }),
  z.strictObject({
    type: z.literal('actions'),
    ...id,
    elements: z
      .array(z.union([button, select]))
      .min(1)
      .max(25),
  }),
  z.looseObject({
    type: z.literal('rich_text'),
    ...id,
    elements: z.array(z.looseObject({ type: z.string() })),
  }),
] as const;
const input = z.strictObject({
  type: z.literal('input'),
  ...id,
  label: plainText(2000),
  hint: plainText(2000).optional(),
  optional: z.boolean().optional(),
  element: z.union([plainInput, select]),
});

const distinct = (blocks: readonly { block_id?: string | undefined }[]): boolean => {
  const ids = blocks.flatMap((block) => block.block_id ?? []);
  return new Set(ids).size === ids.length;
};
const blocksOf = <T extends z.ZodType<{ block_id?: string | undefined }>>(block: T, max: number) =>
  z.array(block).max(max).refine(distinct, 'block_id must be unique');

export const MessageBlocks = blocksOf(z.union(shown), 50);
const ViewBlocks = blocksOf(z.union([...shown, input]), 100);

export const ModalView = z
  .strictObject({
    type: z.literal('modal'),
    title: plainText(24),
    submit: plainText(24).optional(),
    close: plainText(24).optional(),
    callback_id: text(255).optional(),
    private_metadata: z.string().max(3000).optional(),
    clear_on_close: z.boolean().optional(),
    notify_on_close: z.boolean().optional(),
    blocks: ViewBlocks,
  })
  .refine(
    ({ blocks, submit }) => submit !== undefined || blocks.every(({ type }) => type !== 'input'),
    'a window with an input needs submit',
  );
export type ModalView = z.infer<typeof ModalView>;

export const HomeView = z.strictObject({
  type: z.literal('home'),
  private_metadata: z.string().max(3000).optional(),
  callback_id: text(255).optional(),
  blocks: ViewBlocks,
});
export type FakeBlock = z.infer<typeof ViewBlocks>[number];
