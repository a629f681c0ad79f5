import { sha256 } from '#core/hash.ts';
import type { Item, ToolSpec } from './model.ts';
import type { ProviderRequest } from './provider.ts';

/** One item as one provider writes it; neighbours of one group share a message. Empty when there is nothing to say. */
export type Piece = { readonly group: string; readonly json: string };

/**
 * How one provider writes a request: `head` up to the first item, the items with `open` and `close` around each group,
 * then `tail`. Everything before `tail` depends on nothing that changes between the turns of a run.
 */
export type Wire = {
  readonly head: (head: string, tools: readonly ToolSpec[]) => string;
  readonly piece: (item: Item) => Piece;
  readonly open: (group: string) => string;
  readonly close: string;
  /** `cacheKey` is the same for all requests of one head and tool list. */
  readonly tail: (request: ProviderRequest, cacheKey: string) => string;
};

type Head = { readonly tools: readonly ToolSpec[]; readonly bytes: Buffer; readonly cacheKey: string };

/** A transcript as it was last sent: `head`, then `count` items up to `length`; the rest of `buffer` is free. */
type Written = {
  readonly head: Buffer;
  buffer: Buffer<ArrayBuffer>;
  length: number;
  count: number;
  last: Item | null;
  group: string | null;
  /** Its bytes are on their way to a provider, or went to one that never answered. */
  busy: boolean;
};

export type RequestBytes = {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Says that the provider has all of it, so that the next turn may write behind it. */
  readonly done: () => void;
};

const MAX_HEADS = 32;
const SPARE = 16 * 1024;

/**
 * Makes the function that writes requests as bytes. A transcript is known by its first item and only grows: each turn
 * writes what is new behind what is there, so that a turn costs the same early and late, and the bytes of a longer request
 * begin with those of a shorter. Bytes that may still be read by someone are copied, never written over.
 */
export function createRequestBytes(wire: Wire): (request: ProviderRequest) => RequestBytes {
  const heads = new Map<string, Head[]>();
  const transcripts = new WeakMap<Item, Written>();
  return (request) => {
    const { bytes: head, cacheKey } = headOf(wire, heads, request);
    const [first] = request.items;
    const known = first === undefined ? undefined : transcripts.get(first);
    const written = continued(known, head, request.items) ?? begun(head);
    if (first !== undefined) transcripts.set(first, written);
    for (const item of request.items.slice(written.count)) addItem(wire, written, item);
    const close = written.group === null ? '' : wire.close;
    const end = put(written, written.length, close + wire.tail(request, cacheKey));
    written.busy = true;
    return {
      bytes: written.buffer.subarray(0, end),
      done: () => {
        written.busy = false;
      },
    };
  };
}

function begun(head: Buffer): Written {
  const buffer = Buffer.allocUnsafeSlow(head.length + SPARE);
  head.copy(buffer);
  return { head, buffer, length: head.length, count: 0, last: null, group: null, busy: false };
}

/** What was written of the same transcript, under this head; undefined when these items do not go on from it. */
function continued(known: Written | undefined, head: Buffer, items: readonly Item[]): Written | undefined {
  if (known === undefined || (items[known.count - 1] ?? null) !== known.last) return undefined;
  if (!known.busy && known.head === head) return known;
  const old = known.buffer.subarray(known.head.length, known.length);
  const buffer = Buffer.allocUnsafeSlow(head.length + old.length + SPARE);
  head.copy(buffer);
  old.copy(buffer, head.length);
  return { ...known, head, buffer, length: head.length + old.length, busy: false };
}

function addItem(wire: Wire, written: Written, item: Item): void {
  const { group, json } = wire.piece(item);
  written.count += 1;
  written.last = item;
  if (json === '') return;
  const before =
    group === written.group
      ? ','
      : written.group === null
        ? wire.open(group)
        : `${wire.close},${wire.open(group)}`;
  written.length = put(written, written.length, before + json);
  written.group = group;
}

/** Writes text at a place in the buffer, which grows as needed; gives the place behind it. */
function put(written: Written, at: number, text: string): number {
  const end = at + Buffer.byteLength(text);
  if (end > written.buffer.length) {
    const larger = Buffer.allocUnsafeSlow(Math.max(end + SPARE, Math.ceil(written.buffer.length * 1.5)));
    written.buffer.copy(larger, 0, 0, at);
    written.buffer = larger;
  }
  written.buffer.write(text, at);
  return end;
}

/** Tool lists are made anew each turn from the same tools, so they are compared by their elements. */
function headOf(wire: Wire, heads: Map<string, Head[]>, { head, tools }: ProviderRequest): Head {
  const known = heads.get(head) ?? [];
  const found = known.find((one) => sameTools(one.tools, tools));
  if (found !== undefined) return found;
  const bytes = Buffer.from(wire.head(head, tools));
  const made = { tools: [...tools], bytes, cacheKey: sha256(bytes).slice(0, 32) };
  if (heads.size >= MAX_HEADS || known.length >= MAX_HEADS) heads.clear();
  heads.set(head, [...(heads.get(head) ?? []), made]);
  return made;
}

function sameTools(a: readonly ToolSpec[], b: readonly ToolSpec[]): boolean {
  return a.length === b.length && a.every((tool, index) => tool === b[index]);
}
