/** A text as a reader of some format would see it, and where each of its characters begins in the text that was given. */
export type View = { readonly text: string; readonly at: (index: number) => number };

/** Escapes of a URL, of JSON and of HTML that stand for one printable character or white space. */
const WRITTEN =
  /%(?<hex>[0-7][0-9a-f])|\\(?:u\{?0{0,4}(?<u>[0-7][0-9a-f])\}?|x(?<x>[0-7][0-9a-f])|(?<plain>["'\\/nrt]))|&(?:#0{0,5}(?<dec>\d{1,3})|#x0{0,4}(?<ent>[0-7][0-9a-f])|(?<named>quot|amp|lt|gt|apos|equals|colon));/;
/** Colours of a terminal, and characters without width. */
const INVISIBLE = '\u001b\\[[\\d;]{0,20}m|[\u00ad\u200b-\u200f\u2060\ufeff]';
/** What looks like a sign of ASCII, as we write foreign text where that sign would mean something; and all of full width. */
const LIKE: Readonly<Record<string, string>> = {
  ...{ '∗': '*', ˍ: '_', '∼': '~', ˋ: '`', ǃ: '!', '›': '>', '∶': ':', '․': '.' },
};
const ALIKE = `[${Object.keys(LIKE).join('')}\uff01-\uff5e]`;
const ESCAPES = new RegExp(`${WRITTEN.source}|(?<none>${INVISIBLE})|(?<like>${ALIKE})`, 'gi');
const PLAIN: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
const NAMED: Readonly<Record<string, string>> = {
  quot: '"',
  amp: '&',
  lt: '<',
  gt: '>',
  apos: "'",
  equals: '=',
  colon: ':',
};
/** What is wrapped more often than that was wrapped to be hidden. */
const LEVELS = 3;

/** The text itself, then without its escapes, up to three times over; levels that change nothing are left out. Linear. */
export function decodings(text: string): readonly View[] {
  const views: View[] = [{ text, at: (index) => index }];
  for (let level = 0, last = views[0]; level < LEVELS && last !== undefined; level += 1) {
    last = decoded(last);
    if (last !== undefined) views.push(last);
  }
  return views;
}

/** What every escape begins with. */
const MARK = new RegExp(`[%\\\\&]|${INVISIBLE}|${ALIKE}`);

/** One level less; undefined when nothing is escaped. */
function decoded({ text, at }: View): View | undefined {
  if (!MARK.test(text)) return undefined;
  let plain = '';
  let done = 0;
  /** Where each escape that was replaced stands: in the new text, and in this one behind it. */
  const places: number[] = [];
  const behind: number[] = [];
  for (const match of text.matchAll(ESCAPES)) {
    const character = characterOf(match.groups ?? {});
    if (character === undefined) continue;
    plain += text.slice(done, match.index) + character;
    done = match.index + match[0].length;
    places.push(plain.length);
    behind.push(done);
  }
  if (places.length === 0) return undefined;
  return { text: plain + text.slice(done), at: (index) => at(before(index, places, behind)) };
}

/** The index in the text with escapes: as far behind the last escape at or before it as in the new text. */
function before(index: number, places: readonly number[], behind: readonly number[]): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((places[middle] ?? 0) <= index) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? index : index - (places[low - 1] ?? 0) + (behind[low - 1] ?? 0);
}

function characterOf({ hex, u, x, plain, dec, ent, named, none, like }: Record<string, string | undefined>) {
  if (none !== undefined) return '';
  if (like !== undefined) return LIKE[like] ?? String.fromCharCode(like.charCodeAt(0) - 0xfee0);
  if (plain !== undefined) return PLAIN[plain.toLowerCase()] ?? plain;
  if (named !== undefined) return NAMED[named.toLowerCase()];
  const digits = hex ?? u ?? x ?? ent;
  const code = digits === undefined ? Number(dec) : Number.parseInt(digits, 16);
  // With 27 begins a colour, which the next level takes away.
  const isShown = (code >= 0x20 && code < 0x7f) || [9, 10, 13, 27].includes(code);
  return isShown ? String.fromCharCode(code) : undefined;
}
