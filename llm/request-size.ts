import type { Item, ModelRequest, ToolSpec } from './model.ts';

/** Letters of ASCII for one token: English has about 4, dense JSON 2.5. Of other scripts each byte may be a token. */
const ASCII_PER_TOKEN = 2;
/** What a vendor's own framing adds, in tokens: to a request, and to each item or tool. */
const FRAME = 400;
const FRAME_EACH = 40;

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant.
const ASCII = /[\x00-\x7f]+/g;

const sizes = new WeakMap<Item | ToolSpec, number>();

/**
 * As many tokens as the input of a request can count at most, estimated from its text. Each item is measured once, however
 * often it is sent.
 */
export function inputBound({ head, tools, items }: Pick<ModelRequest, 'head' | 'tools' | 'items'>): number {
  let tokens = tokensOf(head);
  for (const tool of tools)
    tokens += sizeOf(tool, () => tool.name + tool.description + JSON.stringify(tool.schema));
  for (const item of items) tokens += sizeOf(item, () => textOf(item));
  return Math.ceil(tokens) + FRAME + FRAME_EACH * (tools.length + items.length);
}

function sizeOf(part: Item | ToolSpec, text: () => string): number {
  const known = sizes.get(part);
  if (known !== undefined) return known;
  const tokens = tokensOf(text());
  sizes.set(part, tokens);
  return tokens;
}

function tokensOf(text: string): number {
  const bytes = Buffer.byteLength(text);
  const others = bytes === text.length ? 0 : Buffer.byteLength(text.replace(ASCII, ''));
  return (bytes - others) / ASCII_PER_TOKEN + others;
}

function textOf(item: Item): string {
  if (item.kind !== 'reply') return item.text;
  return item.text + item.calls.map((call) => call.id + call.tool + JSON.stringify(call.args)).join('');
}
