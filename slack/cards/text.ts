import type { ContextBlock, SectionBlock } from '@slack/types';
import { hourMinute, instant } from '#views/time.ts';
import { label, quoted } from '../inert.ts';

/** Slack takes 3000 characters in a text and 50 blocks in a message; both are kept well below. */
export const MOST_CHARS = 2900;

/** Words of a card model as running text: whatever is foreign in them means nothing to Slack. At most `max` characters. */
export function words(text: string, max = 300): string {
  return label(text.replaceAll(' -> ', ' → '), max);
}

/** `likely, not clear`: as many of the words as fit, and how many more there are. */
export function list(texts: readonly string[], most = 6): string {
  const some = texts.slice(0, most).map((text) => words(text, 200));
  return some.join(', ') + (texts.length > most ? ` and ${texts.length - most} more` : '');
}

/** Evidence ids as code: what a person types to see them. */
export function handles(evidence: readonly string[]): string {
  return evidence
    .slice(0, 8)
    .map((id) => quoted(id, 12))
    .join(' ');
}

type Format = '{time}' | '{ago}' | '{date_short_pretty} {time}';

/** A time that each reader's own Slack writes in their zone; where it cannot, it reads `03:12` in `zone`. */
function slackTime(at: number, format: Format, fallback: string): string {
  return `<!date^${Math.floor(at / 1000)}^${format}|${fallback}>`;
}

/** `03:27`. */
export function timeOf(at: number, zone: string): string {
  return slackTime(at, '{time}', hourMinute(at, zone));
}

/** `Today 03:27`: a time that may be of another day. */
export function dayTimeOf(at: number, zone: string): string {
  return slackTime(at, '{date_short_pretty} {time}', instant(at, zone));
}

/** `7 min ago (Today 03:12)`, which stays true without being drawn again. */
export function agoOf(at: number, zone: string): string {
  const clock = hourMinute(at, zone);
  return `${slackTime(at, '{ago}', clock)} (${dayTimeOf(at, zone)})`;
}

/** `41 s`, as long as it lasts: written as when it began. */
export function sinceOf(at: number, zone: string): string {
  return slackTime(at, '{ago}', `at ${hourMinute(at, zone)}`);
}

/** A paragraph; lines that are not there are left out. Undefined when none is. */
export function section(...lines: readonly (string | null)[]): SectionBlock[] {
  const text = joined(lines);
  if (text === '') return [];
  return [{ type: 'section', expand: true, text: { type: 'mrkdwn', text, verbatim: true } }];
}

/** Small print. */
export function context(...lines: readonly (string | null)[]): ContextBlock[] {
  const text = joined(lines);
  return text === '' ? [] : [{ type: 'context', elements: [{ type: 'mrkdwn', text, verbatim: true }] }];
}

/** Whole lines only, so that no text is cut inside something that Slack reads. */
function joined(lines: readonly (string | null)[]): string {
  let text = '';
  for (const line of lines) {
    if (line === null || line === '') continue;
    const longer = text === '' ? line : `${text}\n${line}`;
    if (longer.length > MOST_CHARS) break;
    text = longer;
  }
  return text;
}
