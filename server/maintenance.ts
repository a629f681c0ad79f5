import { mayRespond, type Person } from '#approvals/people.ts';
import { recordRefused } from '#approvals/record-refused.ts';
import type { Log } from '#audit/log.ts';
import type { Clock } from '#core/clock.ts';
import type { ServiceId } from '#core/ids.ts';
import { clip, inert } from '#core/inert.ts';
import { DAY_MS } from '#core/zoned-time.ts';
import type { AlertHistory } from '#incidents/alert-history.ts';
import { fact } from '#incidents/entry.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { Maintenance, MaintenanceFold } from '#incidents/maintenance-fold.ts';
import { endOf, type QuietRules, type Silence, type WeeklyWindow } from '#incidents/quiet.ts';
import type { MaintenanceRow, MaintenanceView } from '#views/maintenance.ts';

export type MaintenanceDeps = {
  readonly log: Log;
  readonly clock: Pick<Clock, 'now'>;
  readonly folds: { readonly maintenance: MaintenanceFold; readonly history: AlertHistory };
  readonly inventory: Inventory;
  readonly quiet: QuietRules;
  /** The request that asks. */
  readonly trace?: string;
};

/** Whoever takes incidents may leave pages alone so long; an owner longer. */
const RESPONDER_MS = DAY_MS;
const OWNER_MS = 30 * DAY_MS;
const REASON_CHARS = 200;
/** Windows are numbered one after the other. */
const STREAM = 'maintenance';

export type MaintenanceRefusal =
  | 'not_allowed'
  | 'too_long'
  | 'unknown_service'
  | 'in_the_past'
  | 'no_reason'
  | 'not_found'
  | 'over_already';
export type MaintenanceAnswer =
  | { readonly kind: 'done'; readonly window: Maintenance }
  | { readonly kind: 'refused'; readonly reason: MaintenanceRefusal; readonly text: string };

export type MaintenanceWish = {
  readonly service: ServiceId;
  readonly until: number;
  readonly reason: string;
};

/**
 * Leaves pages of a service alone from now until then, in a person's name. Anyone on call may do so for a day, an owner
 * for thirty. Refusals are answered in one sentence and recorded where the person was not allowed.
 */
export async function addMaintenance(
  deps: MaintenanceDeps,
  person: Person,
  wish: MaintenanceWish,
): Promise<MaintenanceAnswer> {
  const reason = clip(inert(wish.reason.replace(/\s+/g, ' ').trim()), REASON_CHARS);
  const { service, until } = wish;
  for (;;) {
    const from = deps.clock.now();
    const refusal = refusalOf(deps, person, { service, until, reason });
    if (refusal !== undefined) return refuse(deps, person, refusal);
    const window = {
      id: `M-${deps.folds.maintenance.added + 1}`,
      service,
      from,
      until,
      reason,
      by: person.id,
    };
    const draft = fact('maintenance.added', window, contextOf(deps, person));
    const appended = await deps.log.append([draft], { expect: { [STREAM]: deps.log.version(STREAM) } });
    if (appended.kind === 'appended') return { kind: 'done', window: { ...window, endedBy: null } };
  }
}

/** Ends what a person added, now; pages that still fire count from then on. Anyone on call may. */
export async function endMaintenance(
  deps: MaintenanceDeps,
  person: Person,
  id: string,
): Promise<MaintenanceAnswer> {
  for (;;) {
    const known = deps.folds.maintenance.get(id);
    if (!mayRespond(person))
      return refuse(deps, person, no('not_allowed', `${person.id} may look, but not end it`));
    if (known === undefined) {
      const text = id.startsWith('weekly-')
        ? `${id} stands in the config`
        : `there is no ${clip(inert(id), 20)}`;
      return no('not_found', text);
    }
    if (known.until <= deps.clock.now()) return no('over_already', `${known.id} is over already`);
    const draft = fact('maintenance.ended', { id: known.id, by: person.id }, contextOf(deps, person));
    const appended = await deps.log.append([draft], { expect: { [STREAM]: deps.log.version(STREAM) } });
    if (appended.kind === 'appended') return { kind: 'done', window: known };
  }
}

/** Everything that is left alone, or was of late, with how many pages that concerned. */
export function listMaintenance({ clock, folds, quiet }: MaintenanceDeps): MaintenanceView {
  const now = clock.now();
  const { maintenance, history } = folds;
  const pages = (id: string): number => maintenance.pages(id);
  return {
    windows: [
      ...maintenance.all().map((one) => addedRow(one, now, pages(one.id))),
      ...quiet.windows.map((one, at) => weeklyRow(one, now, { id: `weekly-${at + 1}`, pages })),
    ],
    silences: quiet.silences
      .map(({ match, until }, at) => ({ id: `silence-${at + 1}`, what: matchWords(match), until }))
      .filter(({ until }) => until > now)
      .map((one) => ({ ...one, pages: pages(one.id) })),
    held: history.held().length,
  };
}

function addedRow(
  { id, service, until, reason, by }: Maintenance,
  now: number,
  pages: number,
): MaintenanceRow {
  const state = until > now ? 'open' : 'over';
  return { id, service, state, until, begins: null, reason: inert(reason), by, pages };
}

function weeklyRow(
  window: WeeklyWindow,
  now: number,
  { id, pages }: { id: string; pages: (id: string) => number },
): MaintenanceRow {
  const { service, weekday, minute, zone, reason } = window;
  const two = (part: number): string => String(part).padStart(2, '0');
  const begins = `${weekday ?? 'day'} ${two(Math.floor(minute / 60))}:${two(minute % 60)} ${zone}`;
  const until = endOf(window, now) ?? null;
  return { id, service, state: 'weekly', until, begins, reason: inert(reason), by: null, pages: pages(id) };
}

function matchWords(match: Silence['match']): string {
  return Object.entries(match)
    .map(([name, value]) => `${name} ${inert(value)}`)
    .join(', ');
}

function refusalOf(
  { clock, inventory }: MaintenanceDeps,
  person: Person,
  { service, until, reason }: MaintenanceWish,
): Refused | undefined {
  if (!mayRespond(person)) return no('not_allowed', `${person.id} may look, but not leave pages alone`);
  if (!inventory.services.has(service))
    return no('unknown_service', `${service} is no service of the config`);
  if (reason === '') return no('no_reason', 'say why, in a few words');
  const length = until - clock.now();
  if (length <= 0) return no('in_the_past', 'it would be over already');
  if (length > OWNER_MS) return no('too_long', 'thirty days at most');
  if (length > RESPONDER_MS && !person.roles.includes('owner'))
    return no('too_long', 'longer than a day is for an owner');
  return undefined;
}

type Refused = Extract<MaintenanceAnswer, { kind: 'refused' }>;

function no(reason: MaintenanceRefusal, text: string): Refused {
  return { kind: 'refused', reason, text };
}

async function refuse(
  { log, trace }: MaintenanceDeps,
  { id: by }: Person,
  refused: Refused,
): Promise<Refused> {
  const { reason } = refused;
  if (reason === 'not_allowed' || reason === 'too_long')
    await recordRefused(log, { by, what: 'maintenance', reason, approval: null }, { trace });
  return refused;
}

function contextOf({ trace = STREAM }: MaintenanceDeps, { id }: Person) {
  return { actor: { kind: 'person', id } as const, traceId: trace, streams: [STREAM] };
}
