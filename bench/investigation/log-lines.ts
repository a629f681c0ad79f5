import type { LogLine } from '#tools/drivers/ports.ts';

/** Lines of twenty kinds that no two have in common: together about 4 KB as a model reads them. */
export const logLines: readonly LogLine[] = Array.from({ length: 20 }, (_, kind) => {
  const word = String.fromCharCode(97 + kind);
  const text = `${word.repeat(5)} ${Array.from({ length: 16 }, (_, i) => word.repeat(3 + (i % 6))).join(' ')}`;
  return { at: null, level: 'error', message: text };
});
