import { stripVTControlCharacters, styleText } from 'node:util';
import { clip } from '#core/inert.ts';

/** What every screen keeps to. */
export const WIDTH = 80;

export type Tone = 'bad' | 'good' | 'quiet' | 'strong';
const styles = { bad: 'red', good: 'green', quiet: 'dim', strong: 'bold' } as const;

/** Colours only help: without a terminal the text is the same, and state is always a word too. */
export type Paint = (tone: Tone, text: string) => string;

/** Colours for a terminal, or none. */
export function painter(terminal: boolean): Paint {
  return terminal
    ? (tone, text) => styleText(styles[tone], text, { validateStream: false })
    : (_tone, text) => text;
}

/** Columns a text takes; colours take none. */
export function columns(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

/** Fills up with spaces to `width`; a longer text stays whole. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}

/**
 * Breaks a text at spaces into lines of at most `width` columns, a longer word inside itself. Lines after the first
 * begin with `indent` spaces. Never gives an empty list.
 */
export function wrap(
  text: string,
  { width = WIDTH, indent = 0 }: { width?: number; indent?: number } = {},
): string[] {
  const lines: string[] = [];
  let line = '';
  const room = () => width - (lines.length === 0 ? 0 : indent);
  const close = () => {
    lines.push((lines.length === 0 ? '' : ' '.repeat(indent)) + line);
    line = '';
  };
  for (const word of text.split(' ')) {
    let rest = [...word];
    if (line !== '' && columns(line) + 1 + rest.length > room()) close();
    while (rest.length > room()) {
      line = rest.slice(0, room()).join('');
      rest = rest.slice(room());
      close();
    }
    line = line === '' ? rest.join('') : `${line} ${rest.join('')}`;
  }
  if (line !== '' || lines.length === 0) close();
  return lines;
}

/** A labelled line of a card, `  effect   version v42 -> v41`, wrapped under itself. */
export function labelled(label: string, text: string): string[] {
  const head = `  ${pad(label, 9)}`;
  return wrap(text, { width: WIDTH - head.length, indent: 0 }).map(
    (line, index) => (index === 0 ? head : ' '.repeat(head.length)) + line,
  );
}

/** Rows under headings, columns aligned and two spaces apart; only the last column may be cut to stay within the width. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = headings.map((heading, at) =>
    Math.max(columns(heading), ...rows.map((row) => columns(row[at] ?? ''))),
  );
  return [headings, ...rows].map((row) => {
    const cells = row.map((cell, at) => (at === row.length - 1 ? cell : pad(cell, widths[at] ?? 0)));
    return clip(cells.join('  '), WIDTH).trimEnd();
  });
}
