/** One line of a description: how deep it stands, and what it says. */
export type Line = { readonly depth: number; readonly text: string };

/** The lines of a text with their indentation; blank ones are left out. */
export function linesOf(text: string): Line[] {
  return text.split('\n').flatMap((raw) => {
    const trimmed = raw.trimEnd();
    const depth = trimmed.length - trimmed.trimStart().length;
    return trimmed === '' ? [] : [{ depth, text: trimmed.trimStart() }];
  });
}

export type Section = { readonly value: string; readonly lines: readonly Line[] };

/** What stands behind `Key:` at the outermost depth of these lines, and what is indented below it. */
export function section(lines: readonly Line[], key: string): Section | null {
  const depth = Math.min(...lines.map((line) => line.depth));
  const start = lines.findIndex((line) => line.depth === depth && keyOf(line.text) === key);
  const line = lines[start];
  if (line === undefined) return null;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((one) => one.depth <= depth);
  return {
    value: line.text.slice(key.length + 1).trim(),
    lines: end === -1 ? rest : rest.slice(0, end),
  };
}

/** The parts of a section that each begin with `name:` at its outermost depth. */
export function parts(lines: readonly Line[]): { name: string; lines: Line[] }[] {
  const depth = Math.min(...lines.map((line) => line.depth));
  const found: { name: string; lines: Line[] }[] = [];
  for (const line of lines) {
    if (line.depth === depth) found.push({ name: keyOf(line.text) ?? line.text, lines: [] });
    else found.at(-1)?.lines.push(line);
  }
  return found;
}

function keyOf(text: string): string | null {
  const end = text.indexOf(':');
  return end === -1 ? null : text.slice(0, end);
}

/** Value of a key; null where it is missing or says that there is none. */
export function word(lines: readonly Line[], key: string): string | null {
  const value = section(lines, key)?.value;
  return value === undefined || value === '' || value === '<none>' || value === '<unset>' ? null : value;
}

/** `a=b` pairs of a key, on its own line and on those below; null where the key is missing. */
export function pairs(lines: readonly Line[], key: string): Record<string, string> | null {
  const found = section(lines, key);
  if (found === null) return null;
  return pairsOf([found.value, ...found.lines.map(({ text }) => text)].join(','));
}

/** `a=b,c=d` as pairs. */
export function pairsOf(text: string): Record<string, string> {
  const entries = text.split(',').flatMap((pair): [string, string][] => {
    const at = pair.indexOf('=');
    return at < 1 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()]];
  });
  return Object.fromEntries(entries);
}

/** A whole number at the start of a text, else null. */
export function whole(text: string | null | undefined): number | null {
  const digits = /^-?\d{1,15}/.exec(text ?? '')?.[0];
  return digits === undefined ? null : Number(digits);
}
