import { z } from 'zod';
import { Permit } from '#approvals/permit.ts';
import { Digest } from '#core/ids.ts';
import { changeRefusals } from '#tools/drivers/ports.ts';

/** What goes between the server and the process that makes changes: one JSON text per line, parsed on both ends. */

/** A longer line ends the conversation: nothing that is said takes so much. */
export const MAX_LINE = 64 * 1024;

/** First line to the child: which start it belongs to, whose permits it takes, and what the config was then. */
export const Hello = z.strictObject({
  kind: z.literal('hello'),
  boot: z.string().min(1).max(100),
  publicKey: z.base64().length(44),
  config: z.string().min(1).max(4096),
  digest: Digest,
  /** It runs programs of the operator; left out = it is not allowed to start any process. */
  programs: z.literal(true).exactOptional(),
});
export type Hello = z.infer<typeof Hello>;

/** Every later line to the child. */
export const Order = z.strictObject({
  kind: z.literal('change'),
  id: z.int().min(1),
  permit: Permit,
  deadlineMs: z.int().min(1).max(600_000),
});
export type Order = z.infer<typeof Order>;

/** Foreign text of a backend, bounded by whoever observed it. */
const Detail = z.string().max(2000);

const said = { output: z.string().max(10_000).exactOptional(), exitCode: z.int().exactOptional() };

const Outcome = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('done'), generation: z.int(), tookMs: z.number(), ...said }),
  z.strictObject({ kind: z.literal('refused'), reason: z.enum(changeRefusals), detail: Detail }),
  z.strictObject({ kind: z.literal('unknown'), detail: Detail, ...said }),
]);

/** Lines from the child: that it can begin, why it cannot, or what became of an order. */
export const Said = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ready') }),
  z.strictObject({ kind: z.literal('cannot'), why: Detail }),
  z.strictObject({ kind: z.literal('outcome'), id: z.int().min(1), outcome: Outcome }),
]);
export type Said = z.infer<typeof Said>;

/** The value of one line, or undefined when it is not what was agreed. Never throws. */
export function readLine<T>(schema: z.ZodType<T>, line: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/**
 * Cuts a stream of text into lines. Calls `onLine` for each, without its end; `onTooLong` once when a line is longer than
 * agreed, and nothing after that.
 */
export function lineCutter(onLine: (line: string) => void, onTooLong: () => void): (chunk: string) => void {
  let rest = '';
  let isBroken = false;
  return (chunk) => {
    if (isBroken) return;
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.length > MAX_LINE) break;
      onLine(line);
    }
    isBroken = rest.length > MAX_LINE || lines.some((line) => line.length > MAX_LINE);
    if (isBroken) onTooLong();
  };
}
