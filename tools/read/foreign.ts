import { clip, inert } from '#core/inert.ts';
import { redact } from '#core/redact.ts';

/** Longest text of a read. A model is shown the beginning of a long one and reads on where it wants to. */
export const MAX_TEXT = 32_000;

/** Foreign text as one harmless line of at most `max` characters, without secrets of known formats. */
export function foreign(text: string, max: number): string {
  return clip(inert(redact(text)), max);
}

/** The lines of a read's text; what does not fit is left out, and that is said. */
export function joined(lines: readonly string[]): string {
  const kept: string[] = [];
  let size = 0;
  for (const line of lines) {
    size += line.length + 1;
    if (size > MAX_TEXT - 40) return [...kept, `(${lines.length - kept.length} more lines)`].join('\n');
    kept.push(line);
  }
  return kept.join('\n');
}
