import { plainReason } from '#views/words.ts';
import type { SlackMessage } from '../ports.ts';
import { list, section, words } from './text.ts';

/** A call for help in the thread of an incident. `mentions` are Slack ids of the people who are asked. */
export type CallForHelp = {
  readonly incident: string;
  /** A closed word: why people are asked. */
  readonly why: string;
  /** What is behind it, in words; empty where `why` says it all. */
  readonly detail: string;
  readonly mentions: readonly string[];
  /** Names of those whose turn it is and who are not called by name, and why; null: there is nobody else. */
  readonly uncalled: {
    readonly names: readonly string[];
    readonly why: 'no_account' | 'limit';
  } | null;
};

const WHYS: ReadonlyMap<string, string> = new Map([
  ['critical', 'this is critical'],
  ['people_needed', 'people must take it'],
  ['approval_waiting', 'a proposal waits for a decision and nobody has answered'],
  ['approval_expired', 'nobody decided on the proposal in time'],
  ['handover_waiting', 'it was handed over and nobody has accepted it'],
  ['not_taken', 'somebody has seen it, and nobody has taken it for half an hour'],
  ['nobody_answered', 'nobody has answered'],
]);

/** One message that calls people by name where it may, saying why and what ends it. */
export function noticeMessage({ incident, why, detail, mentions, uncalled }: CallForHelp): SlackMessage {
  const people = mentions.map((user) => `<@${user}> `).join('');
  const reason = WHYS.get(why) ?? words(plainReason(why), 80);
  const more = detail === '' ? '' : `: ${words(detail)}`;
  const text = `${people}${words(incident, 20)}: ${reason}${more}.${uncalledWords(uncalled)} If you work on it, press I've got it on the card.`;
  return { text, blocks: section(text) };
}

/** Nothing says that somebody was asked who was not called. */
function uncalledWords(uncalled: CallForHelp['uncalled']): string {
  if (uncalled === null) return '';
  const why =
    uncalled.why === 'limit'
      ? 'two people were called already'
      : 'no account of theirs is known in this workspace';
  return ` It is the turn of ${list(uncalled.names)}, not called by name here: ${why}.`;
}
