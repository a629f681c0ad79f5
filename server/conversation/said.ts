import { inThread, onlyYou } from '#slack/answers.ts';
import type { Answer } from '#slack/ports.ts';
import type { Acted } from '../acts/act.ts';
import { refusalWords } from '../acts/refusal-words.ts';

/** What was done is for everybody in the thread, a no is for who asked. */
export function said(acted: Acted, done: string): Answer {
  return acted.kind === 'done' ? inThread([done]) : onlyYou([refusalWords(acted.reason, acted.incident)]);
}
