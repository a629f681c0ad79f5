import { plainReason } from '#views/words.ts';
import type { SlackMessage } from '../ports.ts';
import { section, words } from './text.ts';

/** A call for help in the thread of an incident. `mentions` are Slack ids of the people who are asked. */
export type CallForHelp = {
  readonly incident: string;
  /** A closed word: why people are asked. */
  readonly why: string;
  /** What is behind it, in words; empty where `why` says it all. */
  readonly detail: string;
  readonly mentions: readonly string[];
};

const WHYS: ReadonlyMap<string, string> = new Map([
  ['critical', 'this is critical'],
  ['people_needed', 'people must take it'],
  ['approval_waiting', 'a proposal waits for a decision and nobody has answered'],
  ['approval_expired', 'nobody decided on the proposal in time'],
  ['nobody_answered', 'nobody has answered'],
]);

/** One message that calls people by name, saying why and what ends it. */
export function noticeMessage({ incident, why, detail, mentions }: CallForHelp): SlackMessage {
  const people = mentions.map((user) => `<@${user}> `).join('');
  const reason = WHYS.get(why) ?? words(plainReason(why), 80);
  const more = detail === '' ? '' : `: ${words(detail)}`;
  const text = `${people}${words(incident, 20)}: ${reason}${more}. If you work on it, press I've got it on the card.`;
  return { text, blocks: section(text) };
}
