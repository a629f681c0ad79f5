import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { z } from 'zod';
import { egressRefusalIn } from '#core/egress/refused.ts';
import { messageOf } from '#core/errors.ts';
import { shortForeign } from '../http-text.ts';
import type { Gap } from '../seen.ts';
import { type Definition, definitionOf, WireTool } from './definition.ts';

/** A server that lists more than this, or on more pages, is not one to pick tools from. */
const MAX_TOOLS = 1000;
const MAX_PAGES = 20;
/** A backstop of the library's own; whoever asks has a shorter limit. */
const TIMEOUT_MS = 120_000;

const WireTools = z.looseObject({ tools: z.array(WireTool), nextCursor: z.string().max(10_000).nullish() });
/** What a call gave; parts of other kinds than text are counted and dropped. */
export const WireResult = z.looseObject({
  content: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })).default([]),
  structuredContent: z.unknown().optional(),
  isError: z.boolean().nullish(),
});
export type WireResult = z.infer<typeof WireResult>;

/** A server that was introduced to. All of it rejects as the library does; `gapOfFailure` says what a rejection means. */
export type McpConnection = {
  list(signal: AbortSignal): Promise<readonly Definition[]>;
  call(tool: string, args: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<WireResult>;
  close(): Promise<void>;
};
export type McpEvents = {
  /** The server says that its tools changed. */
  readonly onListChanged: () => void;
  readonly onClosed: () => void;
};

/**
 * Introduces us to a server over a transport, as a client that can do nothing for it: whatever it asks of us (a model's words, files,
 * a person's answer) is refused as a method that does not exist. What it says about itself is not kept.
 */
export async function connectMcp(
  transport: Transport,
  { onListChanged, onClosed }: McpEvents,
  signal: AbortSignal,
): Promise<McpConnection> {
  const [{ Client }, { ToolListChangedNotificationSchema }] = await Promise.all([
    import('@modelcontextprotocol/sdk/client/index.js'),
    import('@modelcontextprotocol/sdk/types.js'),
  ]);
  const client = new Client({ name: 'firebreak', version: '1' }, { capabilities: {} });
  client.setNotificationHandler(ToolListChangedNotificationSchema, onListChanged);
  client.onclose = onClosed;
  await client.connect(transport, { signal, timeout: TIMEOUT_MS });
  return {
    list: async (stop) => {
      const tools: Definition[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const params = cursor === undefined ? {} : { cursor };
        const options = { signal: stop, timeout: TIMEOUT_MS };
        const answer = await client.request({ method: 'tools/list', params }, WireTools, options);
        if (tools.length + answer.tools.length > MAX_TOOLS) break;
        tools.push(...answer.tools.map(definitionOf));
        cursor = answer.nextCursor ?? undefined;
        if (cursor === undefined) return tools;
      }
      throw new RangeError(`it lists more than ${MAX_TOOLS} tools, or on more than ${MAX_PAGES} pages`);
    },
    call: (name, args, stop) =>
      client.request({ method: 'tools/call', params: { name, arguments: args } }, WireResult, {
        signal: stop,
        timeout: TIMEOUT_MS,
      }),
    close: () => client.close(),
  };
}

/** Codes of the library itself. */
const CONNECTION_CLOSED = -32_000;
const REQUEST_TIMEOUT = -32_001;
/** Codes of the system: `ECONNREFUSED`, `ENOENT`. */
const OF_SYSTEM = /^E[A-Z]/;

/** What a rejected request means: nobody answers, too late, no access, or an answer that is of no use. Its words are foreign. */
export function gapOfFailure(error: unknown): Gap {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  const refusal = egressRefusalIn(error);
  if (refusal !== undefined) {
    const reason = refusal.reason === 'too_large' ? 'too_large' : 'refused';
    return { kind: 'gap', reason, detail: shortForeign(refusal.message) };
  }
  if (code === 'secret_unusable')
    return { kind: 'gap', reason: 'not_configured', detail: shortForeign(messageOf(error)) };
  if (code === REQUEST_TIMEOUT) return { kind: 'gap', reason: 'timeout', detail: 'no answer in time' };
  if (code === 401 || code === 403) return { kind: 'gap', reason: 'refused', detail: `HTTP ${code}` };
  if (error instanceof z.core.$ZodError)
    return { kind: 'gap', reason: 'bad_answer', detail: 'an answer of another shape than the protocol has' };
  const isGone = code === CONNECTION_CLOSED || (typeof code === 'string' && OF_SYSTEM.test(code));
  const detail = shortForeign(messageOf(error));
  return { kind: 'gap', reason: isGone ? 'unreachable' : 'bad_answer', detail };
}
