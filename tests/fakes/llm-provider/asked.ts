import type { IncomingHttpHeaders } from 'node:http';
import type { JsonValue } from '#core/canonical.ts';
import type { Tokens } from '#llm/provider.ts';

/** One message of a conversation as it came over the wire, whatever the dialect. */
export type Heard =
  | { kind: 'user'; text: string }
  | { kind: 'assistant'; text: string; calls: readonly HeardCall[] }
  | { kind: 'result'; id: string; text: string };
/** `args` is null where the text of the arguments is no JSON. */
export type HeardCall = { id: string; tool: string; args: JsonValue };

/** A request, understood: all that a brain may look at. */
export type Asked = {
  readonly model: string;
  readonly head: string;
  readonly tools: readonly { name: string; schema: JsonValue }[];
  readonly heard: readonly Heard[];
  readonly mustCall: boolean;
};

/** What is billed and how it is to be answered. `pieces` in order make up the prompt; `cached` ends a cached prefix. */
export type Received = {
  readonly asked: Asked;
  readonly stream: boolean;
  readonly pieces: readonly { text: string; cached: boolean }[];
  readonly maxOutput: number | null;
  /** Chat Completions says the usage of a stream only when asked to. */
  readonly tellUsage: boolean;
};

export type Answer = {
  readonly text?: string;
  readonly calls?: readonly { tool: string; args: JsonValue }[];
};
/** What the model says to a request; it knows nothing but the request. */
export type Brain = (asked: Asked) => Answer | Promise<Answer>;

/** An answer on its way out; `args` is the text of the arguments, so that it can be broken. */
export type Said = {
  readonly text: string;
  readonly calls: readonly { id: string; tool: string; args: string }[];
  readonly stop: 'tool_use' | 'end' | 'length' | 'refusal';
};
export type Outgoing = {
  readonly id: string;
  readonly model: string;
  readonly said: Said;
  readonly tokens: Tokens;
  readonly tellUsage: boolean;
};

/** One event of a stream; `told` is the usage that the client knows once it has it. */
export type Frame = { readonly text: string; readonly told?: Tokens };

/** An error answer; `code` is the vendor's word for it. */
export type Refused = {
  readonly kind: 'refused';
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly message: string;
};

/** How one API is spoken. */
export type Dialect = {
  readonly name: 'anthropic' | 'responses' | 'chat';
  readonly path: string;
  readonly cache: 'marked' | 'automatic';
  key(headers: IncomingHttpHeaders): string | undefined;
  /** Like the vendors' ids, no other provider gives the same: `reply` is unique to seed and request. */
  callId(reply: string, call: number): string;
  read(body: unknown, headers: IncomingHttpHeaders): Received | Refused;
  whole(out: Outgoing): JsonValue;
  frames(out: Outgoing): readonly Frame[];
  error(refused: Refused): JsonValue;
};

/** What the vendors answer to a request that they do not understand. */
export function invalid(message: string): Refused {
  return { kind: 'refused', status: 400, type: 'invalid_request_error', code: null, message };
}

/** Arguments as a value; null when the text is no JSON. */
export function argsOf(text: string): JsonValue {
  try {
    const value: JsonValue = JSON.parse(text);
    return value;
  } catch {
    return null;
  }
}
