import type { Person } from '#approvals/people.ts';
import type { ClosedIncident, Incident } from '#incidents/incident.ts';
import { onlyYou } from '#slack/answers.ts';
import { strangerLine } from '#slack/cards/home.ts';
import type { Answer, Handlers, Place, Said, Speaker } from '#slack/ports.ts';
import { plainWords } from '#slack/verbs/plain-words.ts';
import { parse } from '#slack/verbs.ts';
import { answerCommand } from './conversation/command.ts';
import type { ConversationDeps } from './conversation/deps.ts';
import { hear } from './conversation/hear.ts';
import { press } from './conversation/press.ts';
import { recordHeard } from './conversation/record.ts';
import { createStrangers, type Strangers } from './conversation/strangers.ts';
import { vocabularyOf } from './conversation/vocabulary-of.ts';
import { personOf } from './person-of.ts';

/** What a sentence outside of any thread of ours may ask for: commands that only show. */
const READING: ReadonlySet<string> = new Set(['status', 'incidents', 'maintenance', 'help']);

/**
 * What people say about incidents in Slack, and what they click on its cards. One thread is one incident: a sentence
 * counts for the incident that the log binds its thread to, and for no other. Every sentence is recorded before it is
 * answered; one that comes a second time is not answered again. Throws only when the log cannot take it.
 */
export function createConversation(
  deps: ConversationDeps,
): Pick<Handlers, 'onMessage' | 'onCommand' | 'onPressed'> {
  const strangers = createStrangers(deps);
  return {
    onMessage: (said) => onMessage(deps, strangers, said),
    onCommand: async ({ who, text }) => {
      const person = personOf(deps.people, who);
      if (person !== undefined) return answerCommand(deps, person, text);
      await strangers.record(who, 'command');
      return onlyYou(strangerLines(who));
    },
    onPressed: async (pressed) => {
      const person = personOf(deps.people, pressed.who);
      if (person !== undefined) return press(deps, person, pressed);
      await strangers.record(pressed.who, `press ${pressed.verb}`);
      return onlyYou(strangerLines(pressed.who));
    },
  };
}

async function onMessage(deps: ConversationDeps, strangers: Strangers, said: Said): Promise<Answer | null> {
  const incident = incidentIn(deps, said.place);
  const person = personOf(deps.people, said.who);
  if (incident === undefined) return outside(deps, person, said);
  if (person === undefined && !(await strangers.admits(said.who))) return null;
  const heard = parse(said.text, vocabularyOf(deps, incident));
  const isNew = await recordHeard(deps, { said, heard, incident: incident.id, person: person?.id ?? null });
  if (!isNew || heard.kind === 'none') return null;
  if (person === undefined) return onlyYou(strangerLines(said.who));
  return hear(deps, { person, incident: incident.id }, { said, heard });
}

/** Where nobody talks about an incident, only who speaks to us is answered, and nothing is begun. */
async function outside(
  deps: ConversationDeps,
  person: Person | undefined,
  { who, text, place }: Said,
): Promise<Answer | null> {
  const isDirect = place.channel.startsWith('D');
  const { words, toUs } = plainWords(text.slice(0, 500));
  if (!isDirect && !toUs) return null;
  if (person === undefined) return onlyYou(strangerLines(who));
  // No sentence does anything here: a command does, and what it shows may be asked for in words.
  if (READING.has(words)) return answerCommand(deps, person, words);
  if (isDirect) return answerCommand(deps, person, 'help');
  const where = place.thread === null ? 'here' : 'in this thread';
  return onlyYou([
    `No incident is talked about ${where}. To see which are open and where: /firebreak incidents`,
    'One opens by a page, or by a command on the machine of the server: firebreak triage',
  ]);
}

type Bound = Pick<Incident, 'id' | 'thread'>;

/** The incident that the log binds to exactly this thread; of long ago, too. */
function incidentIn({ folds }: ConversationDeps, place: Place): Incident | ClosedIncident | undefined {
  const isHere = ({ thread }: Bound): boolean =>
    thread !== null &&
    place.thread !== null &&
    thread.team === place.team &&
    thread.channel === place.channel &&
    thread.thread === place.thread;
  return folds.incidents.current().findLast(isHere) ?? folds.incidents.closed().findLast(isHere);
}

function strangerLines(who: Speaker): string[] {
  return [strangerLine(who), 'Nothing was done now.'];
}
