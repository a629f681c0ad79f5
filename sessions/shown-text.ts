import type { CallId } from '#core/ids.ts';

/** Longest text of one result that a model is shown. */
export const MAX_SHOWN = 4_000;
/** Room for the line that says what is left out. */
const NOTE = 150;

/**
 * What a model is shown of a result: the whole text, or its beginning and a line that says how much is left out and how to
 * read it. The whole is in the log with the call. Pure, so that a transcript that is rebuilt shows the same.
 */
export function shownText(text: string, call: CallId | null): string {
  if (text.length <= MAX_SHOWN) return text;
  const end = MAX_SHOWN - NOTE;
  const how = call === null ? '' : `; evidence_read of ${call} from ${end} goes on`;
  return `${text.slice(0, end).toWellFormed()}\n(characters ${end} to ${text.length} are left out${how})`;
}
