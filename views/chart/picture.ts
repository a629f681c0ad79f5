import { clip, inert } from '#core/inert.ts';
import type { SignalName } from '#incidents/vocabulary.ts';
import { signalValue } from '../numbers.ts';
import { clockTime, date, offset } from '../time.ts';
import { signalWords } from '../words.ts';

/** Something that happened at an instant. `text` may hold foreign words. */
export type Mark = {
  readonly at: number;
  readonly kind: 'deploy' | 'onset' | 'page' | 'change' | 'good' | 'bad';
  readonly text: string;
};

/** The signal that an incident is about, before, during and after. Times in ms since 1970. */
export type SignalPicture = {
  readonly incident: string;
  /** One line: what is wrong, as the page said it. */
  readonly title: string;
  readonly service: string;
  readonly signal: SignalName;
  /** In time order; null where nothing was measured. */
  readonly points: readonly (readonly [at: number, value: number | null])[];
  /** The band from before the incident. */
  readonly normal: { readonly low: number; readonly high: number };
  readonly since: number | null;
  readonly marks: readonly Mark[];
  /** IANA name of the zone in which times are written. */
  readonly zone: string;
};

/** More marks than this would hide what they mark. */
const MOST_MARKS = 8;
const LETTERS = 'ABCDEFGH';

/** A mark with the letter that stands in the picture and the line that explains it. */
export type Keyed = {
  readonly at: number;
  readonly kind: Mark['kind'];
  readonly letter: string;
  readonly line: string;
};

/**
 * Marks in time order with a letter each; those of one second share it. Of too many the first five and the last three
 * stay: how it began and how it ended. Foreign text is inert and short.
 */
export function keyed({ marks, zone }: Pick<SignalPicture, 'marks' | 'zone'>): Keyed[] {
  const seconds = new Map<number, Mark[]>();
  for (const mark of marks.toSorted((a, b) => a.at - b.at)) {
    const second = Math.floor(mark.at / 1000);
    seconds.set(second, [...(seconds.get(second) ?? []), mark]);
  }
  const groups = [...seconds.values()];
  const kept = groups.length <= MOST_MARKS ? groups : [...groups.slice(0, 5), ...groups.slice(-3)];
  return kept.flatMap((group, index) => {
    const [first] = group;
    const last = group.at(-1);
    if (first === undefined || last === undefined) return [];
    const words = group.map(({ text }) => plain(text)).join(', ');
    const line = clip(`${clockTime(first.at, zone)}  ${words}`, 56);
    return [{ at: first.at, kind: last.kind, letter: LETTERS.charAt(index), line }];
  });
}

/** Foreign text as one harmless line; also without the two characters that XML cannot hold. */
export function plain(text: string): string {
  return inert(text).replace(/[\ufffe\uffff]/g, '?');
}

/** `errors of checkout, in %`. */
export function heading({ signal, service }: Pick<SignalPicture, 'signal' | 'service'>): string {
  return `${signalWords(signal)} of ${service}, ${units[signal]}`;
}

const units: Readonly<Record<SignalName, string>> = {
  error_ratio: 'in % of requests',
  latency_p95: 'in ms',
  request_rate: 'requests per second',
  saturation: 'in %',
  memory_use: 'in % of the limit',
  instances_up: 'number that answer',
};

/** The picture in a sentence, for whoever cannot see it. */
export function altText(picture: SignalPicture): string {
  const { points, signal, normal, since, zone } = picture;
  const first = points[0]?.[0] ?? 0;
  const seen = points.flatMap(([, value]) => value ?? []);
  const figure = (value: number | undefined): string => signalValue(signal, value ?? null);
  const bad = since === null ? '' : `, outside it since ${clockTime(since, zone)}`;
  const extreme =
    seen.length === 0 ? '' : `, at most ${figure(Math.max(...seen))}, last ${figure(seen.at(-1))}`;
  return [
    `${picture.incident}: ${heading(picture)}, from ${date(first, zone)} ${clockTime(first, zone)} ${offset(first, zone)}.`,
    `Normal is ${figure(normal.low)} to ${figure(normal.high)}${bad}${extreme}.`,
    ...keyed(picture).map(({ letter, line }) => `${letter} ${line}.`),
  ].join(' ');
}
