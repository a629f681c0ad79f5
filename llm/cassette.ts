import { z } from 'zod';
import { FirebreakError } from '#core/errors.ts';
import { Digest } from '#core/ids.ts';
import type { AttemptFailure } from './provider.ts';

/**
 * A cassette is a file of what a provider answered, one JSON object a line, version 1:
 *
 *     {"cassette":"firebreak","v":1}
 *     {"asked":{...},"attempt":{...}}
 *     ...
 *
 * `asked` holds digests only: of the model's name, the constant head, the tools, the limits, and of each item, so that what
 * differs can be named without keeping what was said. `attempt` is the answer, in the order in which answers came.
 * Secrets are scrubbed before anything is digested or written, and random ids are written as `uuid-1`, `uuid-2`, ... in
 * the order in which the request mentions them: they differ in every run and mean nothing to a model.
 */
const Head = z.strictObject({ cassette: z.literal('firebreak'), v: z.literal(1) });

export const Asked = z.strictObject({
  model: Digest,
  head: Digest,
  tools: Digest,
  limits: Digest,
  items: z.array(Digest),
});
export type Asked = z.infer<typeof Asked>;

const Count = z.int().min(0);
const Tokens = z.strictObject({ input: Count, cacheRead: Count, cacheWrite: Count, output: Count });
/** One that the caller aborted says nothing about the provider, and is not kept. */
const failures = {
  rate_limited: 'rate_limited',
  overloaded: 'overloaded',
  unavailable: 'unavailable',
  timeout: 'timeout',
  auth: 'auth',
  unknown_model: 'unknown_model',
  too_long: 'too_long',
  rejected: 'rejected',
  invalid_reply: 'invalid_reply',
} as const satisfies { [K in Exclude<AttemptFailure, 'aborted'>]: K };

export const Taped = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('reply'),
    text: z.string(),
    calls: z.array(z.strictObject({ id: z.string(), tool: z.string(), args: z.json() })),
    stop: z.enum(['tool_use', 'end', 'length', 'refusal']),
    tokens: Tokens,
  }),
  z.strictObject({
    kind: z.literal('failed'),
    reason: z.enum(failures),
    status: z.int().nullable(),
    retryAfterMs: z.number().min(0).nullable(),
    tokens: Tokens.nullable(),
  }),
]);
export type Taped = z.infer<typeof Taped>;

const Entry = z.strictObject({ asked: Asked, attempt: Taped });
export type CassetteEntry = z.infer<typeof Entry>;

export const CASSETTE_HEAD = `${JSON.stringify({ cassette: 'firebreak', v: 1 })}\n`;

export function cassetteLine(entry: CassetteEntry): string {
  return `${JSON.stringify(entry)}\n`;
}

/** Reads a whole cassette. Throws FirebreakError `json_invalid` with the line that is not one; trusts nothing. */
export function parseCassette(text: string): readonly CassetteEntry[] {
  const [head = '', ...lines] = text.split('\n');
  parseLine(Head, head, 1);
  return lines.flatMap((line, at) => (line === '' ? [] : [parseLine(Entry, line, at + 2)]));
}

function parseLine<T>(schema: z.ZodType<T>, line: string, number: number): T {
  const parsed = schema.safeParse(json(line));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.map(String).join('.') ?? '';
  const what = `line ${number} of the cassette: ${where === '' ? '' : `${where}: `}${issue?.message ?? ''}`;
  throw new FirebreakError('json_invalid', what);
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
