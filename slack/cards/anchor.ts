import type { SlackMessage } from '../ports.ts';
import { context, section, words } from './text.ts';

/** A signed note has nothing else in it: names, figures and base64. */
const NOTE = /^[\w\s+/=.:—-]{1,1500}$/u;

/**
 * The state of the log at an opening, a decision or a closing, kept where whoever can change the log cannot: size, root
 * and the signed note with which a shortened log shows. Never edited.
 */
export function anchorMessage(
  what: 'opening' | 'decision' | 'closing',
  { size, root, note }: { size: number; root: string; note: string },
): SlackMessage {
  const text = `Log at this ${what}: ${size} entries, root ${words(root.slice(0, 12), 12)}…`;
  return {
    text,
    blocks: [
      ...section(text, NOTE.test(note) ? `\`\`\`${note.trim()}\`\`\`` : null),
      ...context('Check it with firebreak audit verify DIR --against FILE, this note in FILE.'),
    ],
  };
}
