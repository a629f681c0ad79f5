import { z } from 'zod';
import { argsOf } from './calls.ts';
import type { ReplyReader } from './exchange.ts';
import { type Failure, failed, Said, saidReason } from './failure.ts';
import type { Attempt, Tokens } from './provider.ts';
import { replyAttempt } from './reply-attempt.ts';

const Count = z.number().int().nonnegative();
const Cached = { cache_read_input_tokens: Count.nullish(), cache_creation_input_tokens: Count.nullish() };
const FirstUsage = z.object({ ...Cached, input_tokens: Count, output_tokens: Count });
const Usage = z.object({ ...Cached, input_tokens: Count.nullish(), output_tokens: Count.nullish() });
const Index = z.number().int().nonnegative().max(10_000);
const Block = z.union([
  z.object({ type: z.literal('tool_use'), id: z.string(), name: z.string() }),
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.string() }).transform(() => ({ type: 'other' as const })),
]);
const Delta = z.union([
  z.object({ type: z.literal('text_delta'), text: z.string() }),
  z.object({ type: z.literal('input_json_delta'), partial_json: z.string() }),
  z.object({ type: z.string() }).transform(() => ({ type: 'other' as const })),
]);

/** The events of the Messages API that matter here; others, also of later versions, are passed over. */
const Event = z.discriminatedUnion('type', [
  z.object({ type: z.literal('message_start'), message: z.object({ usage: FirstUsage }) }),
  z.object({ type: z.literal('content_block_start'), index: Index, content_block: Block }),
  z.object({ type: z.literal('content_block_delta'), index: Index, delta: Delta }),
  z.object({
    type: z.literal('message_delta'),
    delta: z.object({ stop_reason: z.string().nullable() }),
    usage: Usage,
  }),
  z.object({ type: z.literal('message_stop') }),
  z.object({ type: z.literal('error'), error: Said }),
]);
type Event = z.infer<typeof Event>;
const KNOWN: ReadonlySet<string> = new Set(Event.options.map((option) => option.shape.type.value));

const Typed = z.object({ type: z.string() });

type Part = { kind: 'text'; text: string } | { kind: 'call'; id: string; tool: string; json: string };
type State = {
  readonly parts: Map<number, Part>;
  tokens: Tokens | null;
  /** The first event counts a single token of output; only what comes with the end says how many there were. */
  isOutputTold: boolean;
  stop: string | null;
  done: boolean;
  failure: Failure | null;
};

/** Puts the events of one streamed message together. Without `message_stop` there is no reply. */
export function createMessageReader(): ReplyReader {
  const state: State = {
    ...{ parts: new Map(), tokens: null, isOutputTold: false, stop: null },
    ...{ done: false, failure: null },
  };
  return {
    accepts: 'text/event-stream',
    push: (data) => {
      const event = eventOf(data);
      if (event === 'invalid') state.failure = failed('invalid_reply');
      else if (event !== 'other') take(state, event);
      return state.failure === null;
    },
    attempt: () => attemptOf(state),
  };
}

function eventOf(data: string): Event | 'other' | 'invalid' {
  try {
    const raw: unknown = JSON.parse(data);
    const { type } = Typed.parse(raw);
    return KNOWN.has(type) ? Event.parse(raw) : 'other';
  } catch {
    return 'invalid';
  }
}

function take(state: State, event: Event): void {
  switch (event.type) {
    case 'message_start':
      state.tokens = merged(state.tokens, event.message.usage);
      return;
    case 'content_block_start':
      start(state, event.index, event.content_block);
      return;
    case 'content_block_delta':
      grow(state.parts.get(event.index), event.delta);
      return;
    case 'message_delta':
      state.tokens = merged(state.tokens, event.usage);
      state.isOutputTold = typeof event.usage.output_tokens === 'number';
      state.stop = event.delta.stop_reason;
      return;
    case 'message_stop':
      state.done = true;
      return;
    case 'error':
      state.failure = failed(saidReason(event.error));
  }
}

function start({ parts }: State, index: number, block: z.infer<typeof Block>): void {
  if (block.type === 'tool_use') parts.set(index, { kind: 'call', id: block.id, tool: block.name, json: '' });
  else if (block.type === 'text') parts.set(index, { kind: 'text', text: block.text });
}

function grow(part: Part | undefined, delta: z.infer<typeof Delta>): void {
  if (part?.kind === 'text' && delta.type === 'text_delta') part.text += delta.text;
  if (part?.kind === 'call' && delta.type === 'input_json_delta') part.json += delta.partial_json;
}

/** Later counts are totals, not additions; what is not said again stands. */
function merged(before: Tokens | null, usage: z.infer<typeof Usage>): Tokens {
  return {
    input: usage.input_tokens ?? before?.input ?? 0,
    cacheRead: usage.cache_read_input_tokens ?? before?.cacheRead ?? 0,
    cacheWrite: usage.cache_creation_input_tokens ?? before?.cacheWrite ?? 0,
    output: usage.output_tokens ?? before?.output ?? 0,
  };
}

function attemptOf({ parts, stop, done, failure, ...counted }: State): Attempt {
  // Such counts may come several times; those of a reply that ends are the last.
  const isFinal = counted.isOutputTold && (done || stop !== null);
  const tokens = isFinal ? counted.tokens : null;
  if (failure !== null) return { ...failure, tokens };
  if (!done) return failed('unavailable', tokens);
  if (tokens === null) return failed('invalid_reply');
  const all = [...parts.values()];
  return replyAttempt({
    texts: all.flatMap((part) => (part.kind === 'text' ? [part.text] : [])),
    calls: all.flatMap((part) =>
      part.kind === 'call' ? [{ id: part.id, tool: part.tool, args: argsOf(part.json) }] : [],
    ),
    isRefused: stop === 'refusal',
    isCut: stop === 'max_tokens' || stop === 'model_context_window_exceeded',
    tokens,
  });
}
