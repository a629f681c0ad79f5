import type { Act, Ask, Heard, Vocabulary } from './heard.ts';
import { sentences } from './sentences.ts';

/** The words that sentences begin with; one that is nearly one of these may be a slip of the hand. */
const FIRST_WORDS = [
  ...['ack', 'take', 'mine', 'pause', 'stop', 'resume', 'continue', 'handover', 'hand', 'accept', 'resolve'],
  ...[
    'wrong',
    'right',
    'postmortem',
    'move',
    'merge',
    'split',
    'look',
    'check',
    'restart',
    'rollback',
    'roll',
  ],
  ...['cordon', 'silence', 'scale', 'why', 'what', 'show', 'evidence', 'status', 'help', 'summary'],
];
/** Longer sentences are for people; a slip in one of them is none of ours. */
const MOST_WORDS = 6;

/** The known sentence that is one slip away, in its first word or in the name of a service or person; null: none, or several. */
export function nearTo(words: string, vocabulary: Vocabulary): Act | Ask | null {
  const parts = words.split(' ');
  if (parts.length > MOST_WORDS) return null;
  const [first = '', ...rest] = parts;
  const firsts = FIRST_WORDS.filter((word) => word.length > 2 && isNear(word, first));
  const found = firsts.flatMap((word) => readingOf([word, ...rest].join(' '), vocabulary));
  const names = [...vocabulary.services, ...vocabulary.people];
  const last = (parts.at(-1) ?? '').replace(/^@/, '');
  for (const name of names.filter((one) => one.length > 2 && isNear(one, last)))
    found.push(...readingOf([...parts.slice(0, -1), name].join(' '), vocabulary));
  const different = new Map(found.map((reading) => [JSON.stringify(reading), reading]));
  const [only] = different.values();
  return different.size === 1 && only !== undefined ? only : null;
}

function readingOf(words: string, vocabulary: Vocabulary): (Act | Ask)[] {
  for (const { form, read } of sentences) {
    const match = form.exec(words);
    if (match !== null) return readings(read(match.groups ?? {}, vocabulary));
  }
  return [];
}

function readings(heard: Heard): (Act | Ask)[] {
  if (heard.kind === 'act') return [heard.act];
  if (heard.kind === 'ask') return [heard.ask];
  return heard.kind === 'doubt' ? [heard.reading] : [];
}

/** One letter more, less, another one, or two neighbours swapped; the same word is not near. */
export function isNear(one: string, other: string): boolean {
  if (one === other || Math.abs(one.length - other.length) > 1) return false;
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  const [left, right] = [one.slice(at), other.slice(at)];
  return (
    left.slice(1) === right.slice(1) ||
    left.slice(1) === right ||
    left === right.slice(1) ||
    (left[0] === right[1] && left[1] === right[0] && left.slice(2) === right.slice(2))
  );
}
