import { sha256 } from '#core/hash.ts';
import type { Tokens } from '#llm/provider.ts';
import type { Dialect, Received, Said } from './asked.ts';

/** What one request cost. `told` is what the client could know of it; null when the reply broke before it was said. */
export type Bill = {
  readonly request: number;
  readonly api: Dialect['name'];
  readonly model: string;
  readonly tokens: Tokens;
  readonly told: Tokens | null;
};

/** A token is four bytes, rounded up per part: no vendor's rule, but the same every time. */
export function tokensOf(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}

export function outputTokens({ text, calls }: Said): number {
  return Math.max(
    1,
    calls.reduce((sum, { tool, args }) => sum + tokensOf(tool) + tokensOf(args), tokensOf(text)),
  );
}

export function promptTokens({ pieces }: Received): number {
  return pieces.reduce((sum, { text }) => sum + tokensOf(text), 0);
}

/** Shorter prefixes are not cached by either vendor. */
const LEAST_CACHED = 1024;

/**
 * Prompt caches as the vendors describe them: `marked` writes what the request marks and bills the writing, `automatic`
 * keeps every prefix for free. Both read the longest prefix that an earlier request of the same model left.
 */
export type PromptCache = {
  count(model: string, received: Received, cache: Dialect['cache']): Omit<Tokens, 'output'>;
};

export function createPromptCache(): PromptCache {
  const known = new Set<string>();
  return {
    count: (model, received, cache) => {
      const marks = prefixes(model, received);
      const all = marks.at(-1)?.tokens ?? 0;
      const last = cache === 'marked' ? marks.findLast(({ cached }) => cached) : marks.at(-1);
      if (last === undefined || last.tokens < LEAST_CACHED)
        return { input: all, cacheRead: 0, cacheWrite: 0 };
      const usable = marks.filter(({ tokens }) => tokens >= LEAST_CACHED && tokens <= last.tokens);
      const cacheRead = usable.findLast(({ key }) => known.has(key))?.tokens ?? 0;
      for (const { key, cached } of usable) if (cache === 'automatic' || cached) known.add(key);
      const cacheWrite = cache === 'marked' ? last.tokens - cacheRead : 0;
      return { input: all - cacheRead - cacheWrite, cacheRead, cacheWrite };
    },
  };
}

function prefixes(model: string, { pieces }: Received) {
  let key: string = sha256(model);
  let tokens = 0;
  return pieces.map(({ text, cached }) => {
    key = sha256(key + text);
    tokens += tokensOf(text);
    return { key, tokens, cached };
  });
}
