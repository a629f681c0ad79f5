import type { Person } from '#approvals/people.ts';
import { ServiceId } from '#core/ids.ts';
import type { Maintenance } from '#incidents/maintenance-fold.ts';
import { untilOf } from '#incidents/until.ts';
import { onlyYou } from '#slack/answers.ts';
import { dayTimeOf, words } from '#slack/cards/text.ts';
import { quoted } from '#slack/inert.ts';
import type { Answer } from '#slack/ports.ts';
import type { MaintenanceRow } from '#views/maintenance.ts';
import { count } from '#views/numbers.ts';
import { duration } from '#views/time.ts';
import { addMaintenance, endMaintenance, listMaintenance, type MaintenanceAnswer } from '../maintenance.ts';
import type { ConversationDeps } from './deps.ts';

/** A time of day that is further away than this was perhaps meant for today, and is over. */
const SURELY_MEANT_MS = 12 * 3_600_000;
const MINUTE_MS = 60_000;
const TIME_OF_DAY = /^\d{1,2}:\d\d$/;

/** `list`, `add SERVICE until T REASON`, `end M-1`; the rights are those of the same on the command line. */
export async function maintenanceCommand(
  deps: ConversationDeps,
  person: Person,
  { words: [what = 'list', ...rest], help }: { words: readonly string[]; help: readonly string[] },
): Promise<Answer> {
  switch (what.toLowerCase()) {
    case 'list':
      return onlyYou(listLines(deps));
    case 'end': {
      const ended = await endMaintenance(deps, person, rest[0] ?? '');
      return told(ended, ({ id, service }) => `${id} is over: pages of ${service} count again.`);
    }
    case 'add':
      return add(deps, person, { rest, help });
    default:
      return onlyYou(help);
  }
}

/** `until` or `for` may stand before the time, `for` or `reason` once after it; all else is the reason as it was typed. */
async function add(
  deps: ConversationDeps,
  person: Person,
  { rest: [name, ...more], help }: { rest: readonly string[]; help: readonly string[] },
): Promise<Answer> {
  const [when = '', ...after] = /^(?:--)?(?:until|for)$/i.test(more[0] ?? '') ? more.slice(1) : more;
  const reason = (/^(?:--)?(?:for|reason)$/i.test(after[0] ?? '') ? after.slice(1) : after).join(' ');
  const service = ServiceId.safeParse(name?.toLowerCase());
  const { zone } = deps;
  const now = deps.clock.now();
  const until = untilOf(when, { now, zone });
  if (!service.success || until === undefined) return onlyYou(help);
  const length = duration(until - now);
  if (TIME_OF_DAY.test(when) && until - now > SURELY_MEANT_MS) {
    const minutes = Math.round((until - now) / MINUTE_MS);
    return onlyYou([
      `${when} is next at ${dayTimeOf(until, zone)}, in ${length}. Nothing was done. If you mean that, say: ${quoted(`/firebreak maintenance add ${service.data} ${minutes}m ${reason}`, 400)}`,
    ]);
  }
  const added = await addMaintenance(deps, person, { service: service.data, until, reason });
  return told(
    added,
    ({ id }) =>
      `${id}: pages of ${service.data} are recorded and left alone until ${dayTimeOf(until, zone)}, for ${length}. One that still fires then opens an incident.`,
  );
}

function told(answer: MaintenanceAnswer, done: (window: Maintenance) => string): Answer {
  return answer.kind === 'done' ? onlyYou([done(answer.window)]) : onlyYou([words(`${answer.text}.`)]);
}

function listLines(deps: ConversationDeps): string[] {
  const { zone } = deps;
  const { windows, silences, held } = listMaintenance(deps);
  if (windows.length + silences.length === 0) return ['No maintenance.'];
  return [
    ...windows.map((row) => windowLine(row, zone)),
    ...silences.map(
      ({ id, what, until, pages }) =>
        `*${words(id, 40)}* ${words(what)}: silenced until ${dayTimeOf(until, zone)}; ${count(pages, 'page')} left alone`,
    ),
    `${count(held, 'page')} ${held === 1 ? 'fires' : 'fire'} now and ${held === 1 ? 'is' : 'are'} left alone.`,
  ];
}

function windowLine(
  { id, service, state, until, begins, reason, by, pages }: MaintenanceRow,
  zone: string,
): string {
  const when = [
    ...(begins === null ? [] : [`every ${words(begins, 100)}`]),
    ...(until === null ? [] : [`${state === 'over' ? 'over since' : 'until'} ${dayTimeOf(until, zone)}`]),
  ].join(', ');
  return `*${words(id, 40)}* ${words(service, 80)} ${when}: ${words(reason)}, by ${by === null ? 'the config' : words(by, 80)}; ${count(pages, 'page')} left alone`;
}
