/** The sections of a draft that fit into a message; what happened line by line is for its file. */
const SHOWN = [
  '## What was changed',
  '## What was ruled out, and what could not be seen',
  '## What people say of the cause',
];

/**
 * The lines of a draft for a reader of a chat: the summary, what was changed, ruled out and said of the cause, as plain
 * text without Markdown. Pure; what is foreign in it is for the surface to make inert.
 */
export function postmortemBrief(draft: readonly string[]): { title: string; lines: string[] }[] {
  const sections = sectionsOf(draft);
  return sections
    .filter(({ head }) => head.startsWith('# ') || SHOWN.includes(head))
    .map(({ head, lines }) => ({ title: plain(head), lines: lines.map(plain) }));
}

/** How many lines of what happened stand in the file only. */
export function storyLines(draft: readonly string[]): number {
  return sectionsOf(draft).find(({ head }) => head === '## What happened')?.lines.length ?? 0;
}

function sectionsOf(draft: readonly string[]): { head: string; lines: string[] }[] {
  const sections: { head: string; lines: string[] }[] = [];
  for (const line of draft) {
    if (/^#{1,2} /.test(line)) sections.push({ head: line, lines: [] });
    else if (line !== '') sections.at(-1)?.lines.push(line);
  }
  return sections;
}

/** Takes off what is there for a Markdown reader only. */
function plain(line: string): string {
  return line.replace(/^(?:#{1,2}|-) /, '').replace(/\\([\\`*_{}[\]<>|~#!@:])/g, '$1');
}
