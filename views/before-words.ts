import type { LastPast, PastOutcome } from '#incidents/observations-history.ts';
import { ago } from './time.ts';
import { causeWords } from './words.ts';

/** An earlier incident; `text` is empty where neither its cause nor a change is known. */
export type Before = { readonly incident: string; readonly at: number; readonly text: string };

const became: Readonly<Record<PastOutcome, string>> = {
  helped: 'helped',
  not_helped: 'did not help',
  undone: 'did not help and was undone',
  failed: 'failed',
  unknown: 'with unknown effect',
};

/** What was the matter then, and what became of the last change: `bad deploy of checkout, rollback helped`. */
export function beforeWords(before: LastPast | null): Before | null {
  if (before === null) return null;
  const { last, at, cause, causeService, tool, outcome } = before;
  const was = cause === undefined || causeService === undefined ? [] : [causeWords(cause, causeService)];
  const change = tool?.replace(/^service_/, '').replaceAll('_', ' ');
  const helped = change === undefined || outcome === undefined ? [] : [`${change} ${became[outcome]}`];
  return { incident: last, at, text: [...was, ...helped].join(', ') };
}

/** The same with how long ago it was, for a terminal. */
export function beforeLine({ incident, at, text }: Before, when: { now: number; zone: string }): string {
  return `${incident}, ${ago(at, when)}${text === '' ? '' : `: ${text}`}`;
}
