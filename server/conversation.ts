import type { Person } from '#approvals/people.ts';
import type { ClosedIncident, Incident } from '#incidents/incident.ts';
import { onlyYou } from '#slack/answers.ts';
import type { Answer, Handlers, Place, Said, Speaker } from '#slack/ports.ts';
import type { Vocabulary } from '#slack/verbs/heard.ts';
import { plainWords } from '#slack/verbs/plain-words.ts';
import { parse } from '#slack/verbs.ts';
import { answerCommand } from './conversation/command.ts';
import type { ConversationDeps } from './conversation/deps.ts';
import { hear } from './conversation/hear.ts';
import { press } from './conversation/press.ts';
import { recordHeard, recordStranger } from './conversation/record.ts';

/**
 * What people say about incidents in Slack, and what they click on its cards. One thread is one incident: a sentence
 * counts for the incident that the log binds its thread to, and for no other. Every sentence is recorded before it is
 * answered; one that comes a second time is not answered again. Throws only when the log cannot take it.
 */
export function createConversation(
  deps: ConversationDeps,
): Pick<Handlers, 'onMessage' | 'onCommand' | 'onPressed'> {
  return {
    onMessage: (said) => onMessage(deps, said),
    onCommand: async ({ who, text }) => {
      const person = personOf(deps, who);
      if (person !== undefined) return answerCommand(deps, person, text);
      await recordStranger(deps, who, 'command');
      return onlyYou(strangerLines(who));
    },
    onPressed: async (pressed) => {
      const person = personOf(deps, pressed.who);
      if (person !== undefined) return press(deps, person, pressed);
      await recordStranger(deps, pressed.who, `press ${pressed.verb}`);
      return onlyYou(strangerLines(pressed.who));
    },
  };
}

async function onMessage(deps: ConversationDeps, said: Said): Promise<Answer | null> {
  const incident = incidentIn(deps, said.place);
  if (incident === undefined) return outside(said);
  const person = personOf(deps, said.who);
  const heard = parse(said.text, vocabularyOf(deps, incident));
  const isNew = await recordHeard(deps, { said, heard, incident: incident.id, person: person?.id ?? null });
  if (!isNew || heard.kind === 'none') return null;
  if (person === undefined) return onlyYou(strangerLines(said.who));
  return hear(deps, { person, incident: incident.id }, { said, heard });
}

/** Where nobody talks about an incident, only who speaks to us is answered, and nothing is begun. */
function outside({ text, place }: Said): Answer | null {
  if (!plainWords(text.slice(0, 500)).toUs) return null;
  const where = place.thread === null ? 'here' : 'in this thread';
  return onlyYou([
    `No incident is talked about ${where}. To see which are open and where: /firebreak incidents`,
    'One opens by a page, or by: firebreak triage',
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

/** Known by the verified id of the account, never by a name that is shown. */
function personOf({ people }: ConversationDeps, { person }: Speaker): Person | undefined {
  return person === null ? undefined : people.get(person);
}

function vocabularyOf(
  { inventory, people }: ConversationDeps,
  incident: Incident | ClosedIncident,
): Vocabulary {
  const alerts = 'alerts' in incident ? incident.alerts : [];
  return { services: [...inventory.services.keys()], people: [...people.keys()], alerts };
}

function strangerLines({ team, user }: Speaker): string[] {
  return [
    'Firebreak does not know you here, so this did nothing.',
    `An owner can add to you in the config: slack: {team: ${team}, user: ${user}}`,
  ];
}
