import { z } from 'zod';
import type { JsonValue } from '#core/canonical.ts';
import type { GapReason } from '#tools/drivers/seen.ts';
import { readTools } from '#tools/read/tools.ts';
import type { ReadTool, ToolResult } from '#tools/tool.ts';
import type { CaseRead } from './replay-case.ts';

export type RecordedReads = {
  /** The product's own reads, which answer from the recording and touch nothing. */
  readonly tools: readonly ReadTool[];
  /** How many looks the recording does not hold. */
  missed(): number;
};

const Args = z.record(z.string(), z.json());

/** Arguments that only say when; another model may ask with another minute and means the same look. */
const WHEN = new Set(['at', 'minutes']);

/**
 * Answers each look with what it gave then. Looks that were made several times answer in their order, the last one for
 * ever after; one that differs only in its time takes what was recorded for that look; what was never looked at is a gap.
 */
export function recordedReads(reads: readonly CaseRead[]): RecordedReads {
  const exact = new Map<string, CaseRead['result'][]>();
  const timeless = new Map<string, CaseRead['result']>();
  for (const { tool, args, result } of reads) {
    const key = keyOf(tool, args, true);
    exact.set(key, [...(exact.get(key) ?? []), result]);
    timeless.set(keyOf(tool, args, false), result);
  }
  let missed = 0;
  const answer = (tool: string, args: Readonly<Record<string, JsonValue>>): ToolResult => {
    const queue = exact.get(keyOf(tool, args, true)) ?? [];
    const found = (queue.length > 1 ? queue.shift() : queue[0]) ?? timeless.get(keyOf(tool, args, false));
    if (found === undefined) {
      missed += 1;
      return { kind: 'gap', reason: 'not_recorded', detail: 'nobody looked at this then' };
    }
    if (found.kind === 'ok') return { kind: 'ok', value: found.value, text: found.text };
    return { kind: 'gap', reason: reasonOf(found.reason), detail: found.detail };
  };
  return {
    tools: readTools.map((tool) => ({
      ...tool,
      perform: (args) => Promise.resolve(answer(tool.name, argsOf(args))),
    })),
    missed: () => missed,
  };
}

/** What a tool parsed is JSON: it came out of a model's call. */
const argsOf = (args: unknown): Readonly<Record<string, JsonValue>> => Args.parse(args);

function keyOf(tool: string, args: Readonly<Record<string, JsonValue>>, withTime: boolean): string {
  const named = Object.entries(args).filter(([name]) => withTime || !WHEN.has(name));
  return JSON.stringify([tool, ...named.sort(([a], [b]) => (a < b ? -1 : 1))]);
}

const REASONS: readonly GapReason[] = [
  ...(['not_configured', 'unreachable', 'timeout', 'refused', 'bad_answer'] as const),
  ...(['no_data', 'too_large', 'not_recorded', 'held_back', 'drifted', 'rate_limited'] as const),
];
const reasonOf = (text: string): GapReason => REASONS.find((reason) => reason === text) ?? 'no_data';
