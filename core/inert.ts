/** Control, format (bidi, zero width), surrogate, private, separator and invisible characters. */
const ACTIVE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
const NAMED: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/**
 * Foreign text as one harmless line for a terminal, log or card: whatever steers, hides or reorders is shown as an
 * escape (`\x1b`, `\u{202e}`). Everything else stays as it is, in normal form C.
 */
export function inert(text: string): string {
  return text.normalize('NFC').replace(ACTIVE, visible);
}

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code > 0xff) return `\\u{${code.toString(16)}}`;
  return NAMED.get(character) ?? `\\x${code.toString(16).padStart(2, '0')}`;
}

/** At most `max` characters, cut with an ellipsis and never through a surrogate pair. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  const head = text.slice(0, max - 1);
  return `${head.isWellFormed() ? head : head.slice(0, -1)}…`;
}
