import type { IncidentId, PersonId } from '#core/ids.ts';
import { fact } from '#incidents/entry.ts';
import type { Said } from '#slack/ports.ts';
import type { Heard } from '#slack/verbs/heard.ts';
import type { ConversationDeps } from './deps.ts';

export type HeardOne = {
  readonly said: Said;
  readonly heard: Heard;
  readonly incident: IncidentId;
  readonly person: PersonId | null;
};

/** What somebody wrote, as content beside the fact; longer than any message of Slack. */
const MOST_CHARACTERS = 40_000;

/**
 * Records that somebody wrote in the thread of an incident, and what it was read as. False: the log has this message
 * already, whatever came of it then. Words of somebody whom the config does not know are not kept.
 */
export async function recordHeard(
  { log }: Pick<ConversationDeps, 'log'>,
  { said, heard, incident, person }: HeardOne,
): Promise<boolean> {
  const { place, message, text, who } = said;
  const stream = `message:slack:${place.team}:${place.channel}:${message}`;
  const content = Buffer.from(text.slice(0, MOST_CHARACTERS));
  const body = {
    by: person,
    surface: 'slack',
    message,
    chars: text.length,
    verb: verbOf(heard),
    refused: person === null ? 'unknown_person' : null,
  } as const;
  const draft = fact('message.received', body, {
    actor: person === null ? { kind: 'source', id: `slack:${who.user}` } : { kind: 'person', id: person },
    traceId: incident,
    incident,
    streams: [stream],
    payloads: person === null ? [] : [{ id: `message-${message}`, content }],
  });
  return (await log.append([draft], { expect: { [stream]: 0 } })).kind === 'appended';
}

/** The word that a sentence was read as; null for what people say to each other. */
function verbOf(heard: Heard): string | null {
  switch (heard.kind) {
    case 'act':
      return heard.act.verb;
    case 'ask':
      return heard.ask.verb;
    case 'none':
      return null;
    default:
      return heard.kind;
  }
}
