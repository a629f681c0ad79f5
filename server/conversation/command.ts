import type { Person } from '#approvals/people.ts';
import { onlyYou } from '#slack/answers.ts';
import { agoOf, handles, timeOf, words } from '#slack/cards/text.ts';
import type { Answer } from '#slack/ports.ts';
import { approvalCard } from '#views/approval-card.ts';
import { incidentRow } from '#views/incident-list.ts';
import { heldLine } from '../held-line.ts';
import type { StopRequest } from '../http-api.ts';
import { setStops } from '../stops.ts';
import type { ConversationDeps } from './deps.ts';
import { maintenanceCommand } from './maintenance-command.ts';
import { commandNeed } from './rights.ts';

const MOST_INCIDENTS = 15;
const MOST_CHARACTERS = 500;

const HELP = [
  '/firebreak status, /firebreak incidents',
  '/firebreak freeze [on | off]: start no change; the undo of one that was started still runs',
  '/firebreak off, /firebreak on: nothing new at all, undo included; an owner switches on',
  '/firebreak maintenance [list]',
  '/firebreak maintenance add SERVICE until 18:30 REASON (or 90m, 2h, 3d)',
  '/firebreak maintenance end M-1',
  'In the thread of an incident, say help.',
];

/** Answers `/firebreak ...` to who typed it. The text is untrusted: it chooses among fixed words, services and times. */
export async function answerCommand(deps: ConversationDeps, person: Person, text: string): Promise<Answer> {
  const [first = 'status', second, ...rest] = text
    .slice(0, MOST_CHARACTERS)
    .normalize('NFC')
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '');
  return deps.admit(person, commandNeed(first, second), () =>
    answerWords(deps, person, [first, second, ...rest]),
  );
}

async function answerWords(
  deps: ConversationDeps,
  person: Person,
  [first, second, ...rest]: readonly [string, string | undefined, ...string[]],
): Promise<Answer> {
  switch (first.toLowerCase()) {
    case 'status':
      return onlyYou(statusLines(deps));
    case 'incidents':
      return onlyYou(incidentLines(deps));
    case 'freeze':
      return freeze(deps, person, second?.toLowerCase());
    case 'off':
      return stop(
        deps,
        person,
        { off: true },
        'Off: nothing new is done, undo included. An owner switches on.',
      );
    case 'on':
      return stop(
        deps,
        person,
        { off: false },
        'On: changes that people approve can start, unless there is a freeze.',
      );
    case 'maintenance':
      return maintenanceCommand(deps, person, {
        words: second === undefined ? [] : [second, ...rest],
        help: HELP,
      });
    default:
      return onlyYou(HELP);
  }
}

async function freeze(deps: ConversationDeps, person: Person, word: string | undefined): Promise<Answer> {
  if (word === undefined || word === 'on')
    return stop(
      deps,
      person,
      { freeze: true },
      'Frozen: no change is started. End it: /firebreak freeze off',
    );
  if (word === 'off')
    return stop(deps, person, { freeze: false }, 'The freeze is over: approved changes can start again.');
  return onlyYou(HELP);
}

async function stop(
  deps: ConversationDeps,
  person: Person,
  ...[request, done]: [request: StopRequest, done: string]
): Promise<Answer> {
  const answer = await setStops(deps, person, request);
  if (answer.status === 200) return onlyYou([done]);
  const error = 'body' in answer && 'error' in answer.body ? String(answer.body.error) : 'refused';
  return onlyYou([`${error.slice(0, 1).toUpperCase()}${error.slice(1)}.`]);
}

function statusLines(deps: ConversationDeps): string[] {
  const { folds, zone } = deps;
  const pending = folds.approvals.all().filter(({ state }) => state === 'pending');
  const stops = heldLine(deps);
  return [
    ...(stops === null ? [] : [`*${stops}*`]),
    ...incidentLines(deps),
    ...pending.map(
      ({ id, hash, plan }) =>
        `${handles([id])} of ${plan.incident} waits until ${timeOf(plan.expiresAt, zone)}: ${words(approvalCard(plan, hash).title)}`,
    ),
  ];
}

function incidentLines({ folds, zone }: ConversationDeps): string[] {
  const open = folds.incidents.current().filter(({ resolved }) => resolved === null);
  if (open.length === 0) return ['No open incident. One opens by a page, or by: firebreak triage'];
  const rows = open.toReversed().slice(0, MOST_INCIDENTS).map(incidentRow);
  return [
    `${open.length} open:`,
    ...rows.map(
      ({ id, title, severity, outcome, takenBy, openedAt }) =>
        `*${id}* ${words(title, 150)}: ${severity}, ${words(outcome, 60)}, ${takenBy ?? 'nobody'} has it, opened ${agoOf(openedAt, zone)}`,
    ),
  ];
}
