import type { ActionsBlockElement, Button, KnownBlock } from '@slack/types';
import { MOST_CHARS, section } from './cards/text.ts';
import type { Answer } from './ports.ts';

type Buttons = readonly (ActionsBlockElement & Button)[];

/** So many paragraphs at most; an answer is short. */
const MOST_SECTIONS = 12;

/** An answer that everybody in the thread sees. Lines are ours; what is foreign in them was made inert before. */
export function inThread(lines: readonly string[], buttons: Buttons = []): Answer {
  return answer(lines, buttons, 'thread');
}

/** An answer that only the person who asked sees. */
export function onlyYou(lines: readonly string[], buttons: Buttons = []): Answer {
  return answer(lines, buttons, 'only_you');
}

function answer(lines: readonly string[], buttons: Buttons, visible: Answer['visible']): Answer {
  const paragraphs = filled(lines);
  const shown = paragraphs.slice(0, MOST_SECTIONS);
  const rest = paragraphs.slice(MOST_SECTIONS).flat().length;
  const blocks: KnownBlock[] = shown.flatMap((paragraph) => section(...paragraph));
  if (rest > 0) blocks.push(...section(`and ${rest} more lines`));
  if (buttons.length > 0) blocks.push({ type: 'actions', elements: [...buttons] });
  return { text: (lines[0] ?? '').slice(0, 300), blocks, visible };
}

/** Lines in paragraphs, each as full as Slack takes it. */
function filled(lines: readonly string[]): string[][] {
  const paragraphs: string[][] = [];
  let left = 0;
  for (const line of lines.filter((one) => one !== '')) {
    if (line.length + 1 > left) {
      paragraphs.push([]);
      left = MOST_CHARS;
    }
    paragraphs.at(-1)?.push(line);
    left -= line.length + 1;
  }
  return paragraphs;
}
