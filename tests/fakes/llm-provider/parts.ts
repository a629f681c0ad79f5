const MOST_PARTS = 4;

/** A text in at most four parts, as streams send it: cut anywhere, also inside a word or an escape. */
export function inParts(text: string): string[] {
  const size = Math.max(1, Math.ceil(text.length / MOST_PARTS));
  const parts: string[] = [];
  for (let at = 0; at < text.length; at += size) parts.push(text.slice(at, at + size));
  return parts;
}
