import { maskVariables } from './mask.ts';

/** Longer lines are compared by their beginning. */
const MAX_CHARS = 600;
const MAX_WORDS = 24;
/** So many different words at one place are values, not kinds: programs write fewer lines that differ in one word only. */
const MOST_KINDS = 8;
/** Each round can find one more place per line; values in more places than that are masked anyway. */
const ROUNDS = 3;
const ANY = '<*>';

/**
 * The kind of each message: messages of the same kind get the same text. Times, ids and numbers are masked first; then a
 * place at which many different words stand while the rest of the line stays the same becomes `<*>` (token positions as
 * in Makanju et al., IPLoM, KDD 2009). The result depends on which messages there are and not on their order. Total;
 * time grows linearly with the text.
 */
export function mineTemplates(messages: readonly string[]): string[] {
  const masked = messages.map((message) => maskVariables(message.slice(0, MAX_CHARS)).trim());
  const kinds = new Map<string, readonly string[]>();
  for (const line of masked) if (!kinds.has(line)) kinds.set(line, line.split(/\s+/, MAX_WORDS));
  for (let round = 0; round < ROUNDS; round += 1) {
    const varied = variedPlaces([...new Set([...kinds.values()].map((words) => words.join(' ')))]);
    if (varied.size === 0) break;
    for (const [line, words] of kinds) kinds.set(line, opened(words, varied));
  }
  return masked.map((line) => (kinds.get(line) ?? []).join(' '));
}

/** What is left of a line without one of its words, where too many different words stand there. */
function variedPlaces(lines: readonly string[]): Set<string> {
  const seen = new Map<string, Set<string>>();
  for (const line of lines) {
    const words = line.split(' ');
    for (const [place, word] of words.entries()) {
      const rest = without(words, place);
      const at = seen.get(rest) ?? new Set<string>();
      if (at.size <= MOST_KINDS) at.add(word);
      seen.set(rest, at);
    }
  }
  return new Set([...seen].filter(([, words]) => words.size > MOST_KINDS).map(([rest]) => rest));
}

const without = (words: readonly string[], place: number): string =>
  words.map((word, i) => (i === place ? ANY : word)).join(' ');

function opened(words: readonly string[], varied: ReadonlySet<string>): readonly string[] {
  return words.map((word, place) => (varied.has(without(words, place)) ? ANY : word));
}
