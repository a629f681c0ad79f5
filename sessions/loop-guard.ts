import { sha256 } from '#core/hash.ts';
import type { ModelCall } from '#llm/model.ts';
import type { ResultItem } from './items.ts';

const WARN_AT = 3;
const STOP_AT = 5;

/** Counts how often the same question got the same answer in one run. */
export type LoopGuard = { see(call: ModelCall, result: ResultItem): 'fine' | 'warn' | 'loop' };

export function createLoopGuard(): LoopGuard {
  const seen = new Map<string, number>();
  return {
    see: (call, result) => {
      const key = sha256(JSON.stringify([call.tool, call.args, result.outcome, result.value, result.text]));
      const count = (seen.get(key) ?? 0) + 1;
      seen.set(key, count);
      if (count >= STOP_AT) return 'loop';
      return count >= WARN_AT ? 'warn' : 'fine';
    },
  };
}

/** The result with a remark for the model; the value stays as it was. */
export function withWarning(result: ResultItem): ResultItem {
  const remark = 'This call gave the same answer several times; asking again will end the run.';
  return { ...result, text: `${result.text}\n${remark}` };
}
