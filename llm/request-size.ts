import type { Item, ModelRequest, ToolSpec } from './model.ts';

/** Bytes of text for one token: English has about 4, dense JSON 2.5. Fewer tokens than this are billed, never more of note. */
const BYTES_PER_TOKEN = 2;
/** What a vendor's own framing adds, in tokens: to a request, and to each item or tool. */
const FRAME = 400;
const FRAME_EACH = 40;

const sizes = new WeakMap<Item | ToolSpec, number>();

/**
 * As many tokens as the input of a request can count at most, from its bytes. Each item is measured once, however often it
 * is sent.
 */
export function inputBound({ head, tools, items }: Pick<ModelRequest, 'head' | 'tools' | 'items'>): number {
  let bytes = Buffer.byteLength(head);
  for (const tool of tools)
    bytes += sizeOf(tool, () => tool.name + tool.description + JSON.stringify(tool.schema));
  for (const item of items) bytes += sizeOf(item, () => textOf(item));
  return Math.ceil(bytes / BYTES_PER_TOKEN) + FRAME + FRAME_EACH * (tools.length + items.length);
}

function sizeOf(part: Item | ToolSpec, text: () => string): number {
  const known = sizes.get(part);
  if (known !== undefined) return known;
  const bytes = Buffer.byteLength(text());
  sizes.set(part, bytes);
  return bytes;
}

function textOf(item: Item): string {
  if (item.kind !== 'reply') return item.text;
  return item.text + item.calls.map((call) => call.id + call.tool + JSON.stringify(call.args)).join('');
}
