import type { ActionsBlockElement, Button, KnownBlock } from '@slack/types';
import { section } from './cards/text.ts';
import type { Answer } from './ports.ts';

type Buttons = readonly (ActionsBlockElement & Button)[];

/** So many paragraphs at most; an answer is short. */
const MOST_SECTIONS = 12;
const LINES_IN_ONE = 20;

/** An answer that everybody in the thread sees. Lines are ours; what is foreign in them was made inert before. */
export function inThread(lines: readonly string[], buttons: Buttons = []): Answer {
  return answer(lines, buttons, 'thread');
}

/** An answer that only the person who asked sees. */
export function onlyYou(lines: readonly string[], buttons: Buttons = []): Answer {
  return answer(lines, buttons, 'only_you');
}

function answer(lines: readonly string[], buttons: Buttons, visible: Answer['visible']): Answer {
  const blocks: KnownBlock[] = [];
  for (let from = 0; from < lines.length && blocks.length < MOST_SECTIONS; from += LINES_IN_ONE)
    blocks.push(...section(...lines.slice(from, from + LINES_IN_ONE)));
  if (buttons.length > 0) blocks.push({ type: 'actions', elements: [...buttons] });
  return { text: (lines[0] ?? '').slice(0, 300), blocks, visible };
}
