import type { Act, Heard, Vocabulary } from './verbs/heard.ts';
import { nearTo } from './verbs/near.ts';
import { plainWords } from './verbs/plain-words.ts';
import { sentences } from './verbs/sentences.ts';

/** A sentence that does something is short; whoever writes more speaks to people. */
const MOST_CHARACTERS = 200;
const NOTE = /^\s*(?:note|fyi|fact)\s*[:\s]\s*/i;

/** What a question may set off: a look, a draft, or a wish that is shown with a button before it counts. */
const harmless: ReadonlySet<Act['verb']> = new Set(['look', 'change', 'postmortem']);

/**
 * Reads a sentence that somebody wrote; it is untrusted. Pure, total and quick for any text. A verb counts only when the
 * whole sentence is that verb and what it names is known, so that no part of a longer text can do anything.
 */
export function parse(text: string, vocabulary: Vocabulary): Heard {
  const note = NOTE.exec(text.slice(0, MOST_CHARACTERS));
  if (note !== null && note[0].length < text.trimEnd().length) return { kind: 'note', from: note[0].length };
  if (text.trim().length > MOST_CHARACTERS || text.trim().includes('\n')) return { kind: 'none' };
  const { words, toUs, isQuestion } = plainWords(text);
  if (words === '') return toUs ? { kind: 'ask', ask: { verb: 'help' } } : { kind: 'none' };
  const read = readSentence(words, vocabulary);
  const heard = read?.heard ?? null;
  if (heard?.kind === 'act' && isQuestion && !harmless.has(heard.act.verb))
    return { kind: 'doubt', reading: heard.act };
  if (heard !== null && heard.kind !== 'missing') return heard;
  const reading = nearTo(words, vocabulary);
  if (reading !== null) return { kind: 'doubt', reading };
  if (heard !== null && (toUs || read?.chatty !== true)) return heard;
  return toUs ? { kind: 'question' } : { kind: 'none' };
}

function readSentence(words: string, vocabulary: Vocabulary): { heard: Heard; chatty: boolean } | null {
  for (const { form, read, chatty = false } of sentences) {
    const match = form.exec(words);
    if (match !== null) return { heard: read(match.groups ?? {}, vocabulary), chatty };
  }
  return null;
}
