import type { Tokens } from './provider.ts';

/** OpenAI's input counts what was read from and written to its cache, too; no count goes below zero. */
export function openaiTokens(usage: {
  input: number;
  cached: number | null | undefined;
  written: number | null | undefined;
  output: number;
}): Tokens {
  const cacheRead = usage.cached ?? 0;
  const cacheWrite = usage.written ?? 0;
  const input = Math.max(0, usage.input - cacheRead - cacheWrite);
  return { input, cacheRead, cacheWrite, output: usage.output };
}
