import { clip, inert } from '#core/inert.ts';

/**
 * Foreign and configured text in messages of Slack. Nothing that comes out of here can be a mention, a link, a channel,
 * a date, an emoji or a formatting run, whatever goes in; lengths are of what is sent.
 */

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
]);

/** Look like what they stand for, and mean nothing to Slack. */
const STAND_INS: ReadonlyMap<string, string> = new Map([
  ['*', '∗'],
  ['_', 'ˍ'],
  ['~', '∼'],
  ['`', 'ˋ'],
  ['@', '＠'],
  ['#', '＃'],
  ['!', 'ǃ'],
  ['>', '›'],
]);

/**
 * Foreign text as a quotation: one line of code, in which Slack neither formats nor links. Its backticks become a
 * look-alike; `max` counts the two of ours. Empty text gives an empty pair of quotes.
 */
export function quoted(text: string, max = 200): string {
  const safe = (part: string): string => entities(part.replaceAll('`', 'ˋ'));
  const inside = cutTo(inert(text).trim(), max - 2, safe);
  return inside === '' ? '“”' : `\`${inside}\``;
}

/**
 * A short name as running text: signs that Slack formats, links or expands become look-alikes. An underscore or a
 * dash inside a word stays, so that names of services can be copied.
 */
export function label(text: string, max = 120): string {
  return cutTo(inert(text).trim(), max, (part) => entities(disarm(part)));
}

/** A text for a `plain_text` object, where Slack reads nothing but emoji names; those are off in all of ours. */
export function plain(text: string, max: number): string {
  return clip(inert(text), max);
}

function disarm(text: string): string {
  return text
    .replace(/[*~`@#!>]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, (sign) => STAND_INS.get(sign) ?? sign)
    .replace(/:(?=[\w+-]{1,100}:)/g, '∶')
    .replace(/(?<=[\p{L}\p{N}]):\/\//gu, '∶//')
    .replace(/(?<=[\p{L}\p{N}])\.(?=\p{L}{2,})/gu, '․');
}

function entities(text: string): string {
  return text.replace(/[&<>]/g, (sign) => ENTITIES.get(sign) ?? sign);
}

/** The longest beginning that is not longer than `max` once it is made safe, with an ellipsis where it was cut. */
function cutTo(text: string, max: number, safe: (part: string) => string): string {
  const whole = safe(text);
  if (whole.length <= max) return whole;
  let [least, most] = [0, Math.min(text.length, Math.max(max, 0))];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (safe(clip(text, middle)).length <= max) least = middle;
    else most = middle - 1;
  }
  return least === 0 ? '' : safe(clip(text, least));
}
