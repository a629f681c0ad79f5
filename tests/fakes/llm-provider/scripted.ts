import type { Answer, Brain } from './asked.ts';

/** Answers one after the other, whoever asks; nothing to say when they are used up. */
export function scripted(answers: readonly Answer[]): Brain {
  let next = 0;
  return () => answers[next++] ?? { text: 'That is all.' };
}
