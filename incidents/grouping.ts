import { type Digest, type IncidentId, ServiceId } from '#core/ids.ts';
import type { Alert } from './alert.ts';
import { type AlertHistory, isFlapping } from './alert-history.ts';
import { callersOf, dependenciesOf, type Inventory } from './inventory.ts';
import type { Quiet } from './quiet.ts';
import type { Severity } from './vocabulary.ts';

/** An incident that is resolved comes back when the same alert fires again within this time. */
export const REOPEN_MS = 30 * 60_000;
/**
 * A monitoring system sees some minutes later than we do that it is over: what it only says once more in this time after
 * the end is no new fault.
 */
export const ECHO_MS = 5 * 60_000;
/** Alerts of services that call each other belong together when they come within this time. */
export const RELATED_MS = 10 * 60_000;

/**
 * A page that arrives so long after the end of its own time was told counts as new: deliveries that change places do so
 * within seconds, and a sender may fire again with the time at which it fired first.
 */
export const OVERTAKEN_MS = 60_000;

/** What grouping must know of an alert that an incident holds. */
export type AlertView = {
  readonly fingerprint: Digest;
  /** Null when the config has no such service. */
  readonly service: ServiceId | null;
  readonly severity: Severity;
  readonly cleared: boolean;
};
/** What grouping must know of an incident: every open one, and those resolved less than `REOPEN_MS` ago. */
export type IncidentView = {
  readonly id: IncidentId;
  readonly service: ServiceId | null;
  readonly environment: string;
  /** All alerts that opened or joined it. */
  readonly alerts: readonly AlertView[];
  readonly openedAt: number;
  readonly resolvedAt: number | null;
};

export type GroupingView = {
  readonly incidents: readonly IncidentView[];
  readonly inventory: Inventory;
  /** Environment of an incident when neither the alert nor the inventory names one. */
  readonly environment: string;
  readonly now: number;
  readonly history: Pick<AlertHistory, 'get' | 'over'>;
  /** Whether pages of that service are left alone now. */
  readonly quiet: (alert: Alert, service: ServiceId | null) => Quiet | null;
};

/**
 * What becomes of an alert, and why.
 * A firing alert is `suppressed` as a repeat or because it flaps, `left_alone` (no incident), `joined` to an incident
 * (`reopened` says that it was resolved), or `opened` as a new one; a cleared alert is `cleared` in the incident that it
 * belongs to. What changes nothing is `ignored`; `over` is a clearing that no incident waits for.
 */
export type Grouping =
  | {
      kind: 'opened';
      service: ServiceId | null;
      environment: string;
      reason: 'new_fault' | 'unknown_service' | 'other_environment';
    }
  | {
      kind: 'joined';
      incident: IncidentId;
      reason: 'same_service' | 'inhibited' | 'related_service' | 'same_group' | 'fired_again' | 'reopened';
    }
  | { kind: 'suppressed'; incident: IncidentId; reason: 'same_alert' | 'flapping' }
  | ({ kind: 'left_alone'; service: ServiceId | null } & Quiet)
  | { kind: 'cleared'; incident: IncidentId; reason: 'alert_cleared' }
  | { kind: 'over'; reason: 'nothing_open' | 'left_alone' }
  | { kind: 'ignored'; reason: 'already_cleared' | 'left_alone_already' | 'over_already' | 'fires_again' };

/**
 * Decides where an alert belongs. Pure; does not throw. The first rule that fits wins, and the oldest incident:
 * a page that its own end has overtaken is ignored; then the incident that holds the alert, what is left alone, the
 * incident of the service, one that was resolved, one of a related service, one of the sender's group, a new one.
 */
export function group(alert: Alert, view: GroupingView): Grouping {
  const incidents = view.incidents.toSorted((a, b) => a.openedAt - b.openedAt);
  const open = incidents.filter((incident) => incident.resolvedAt === null);
  const place = placeOf(alert, view);
  const holders = open.filter((incident) => holds(incident, alert, place) !== undefined);
  if (alert.status === 'cleared') return clear(alert, holders, view);
  if (isOvertaken(alert, view)) return { kind: 'ignored', reason: 'over_already' };
  const [holder] = holders;
  if (holder !== undefined) return again(alert, holder, { place, view });
  const quiet = view.quiet(alert, place.service);
  if (quiet !== null) return leaveAlone(alert, quiet, { place, view });
  const same = open.find((incident) => isSame(incident, place));
  if (same !== undefined) return { kind: 'joined', incident: same.id, reason: sameReason(same, alert) };
  const resolved = incidents.findLast((one) => isFreshlyResolved(one, view.now) && holds(one, alert, place));
  if (resolved !== undefined && isEcho(alert, resolved, view))
    return { kind: 'suppressed', incident: resolved.id, reason: 'same_alert' };
  if (resolved !== undefined)
    return isFlapping(view.history.get(alert.fingerprint), view.now)
      ? { kind: 'suppressed', incident: resolved.id, reason: 'flapping' }
      : { kind: 'joined', incident: resolved.id, reason: 'reopened' };
  const related = open.find((incident) => isRelated(incident, place, view));
  if (related !== undefined) return { kind: 'joined', incident: related.id, reason: 'related_service' };
  const grouped = open.find((incident) => isOfGroup(incident, { alert, place, view }));
  if (grouped !== undefined) return { kind: 'joined', incident: grouped.id, reason: 'same_group' };
  return { kind: 'opened', ...place };
}

type Where = { readonly place: Place; readonly view: GroupingView };

/** An alert that its open incident knows already. */
function again(alert: Alert, holder: IncidentView, { place, view }: Where): Grouping {
  const past = view.history.get(alert.fingerprint);
  const incident = holder.id;
  const flaps = isFlapping(past, view.now);
  if (holds(holder, alert, place)?.cleared === true)
    return flaps
      ? { kind: 'suppressed', incident, reason: 'flapping' }
      : { kind: 'joined', incident, reason: 'fired_again' };
  const isChange = past?.alert.status === 'cleared';
  return { kind: 'suppressed', incident, reason: isChange ? 'flapping' : 'same_alert' };
}

function leaveAlone(alert: Alert, quiet: Quiet, { place, view }: Where): Grouping {
  const held = view.history.get(alert.fingerprint)?.held ?? null;
  if (held?.window === quiet.window && held.until === quiet.until)
    return { kind: 'ignored', reason: 'left_alone_already' };
  return { kind: 'left_alone', service: place.service, ...quiet };
}

/** One end ends one alert: of several incidents that hold it, in the oldest where it still fires. */
function clear(alert: Alert, holders: readonly IncidentView[], view: GroupingView): Grouping {
  const past = view.history.get(alert.fingerprint);
  if (alert.endsAt !== undefined && past !== undefined && past.alert.startsAt > alert.endsAt)
    return { kind: 'ignored', reason: 'fires_again' };
  const [first] = holders;
  if (first === undefined)
    return { kind: 'over', reason: past === undefined || past.held === null ? 'nothing_open' : 'left_alone' };
  const holder = holders.find((one) => one.alerts.some((known) => isIt(known, alert) && !known.cleared));
  if (holder === undefined) return { kind: 'ignored', reason: 'already_cleared' };
  if (!isFlapping(past, view.now)) return { kind: 'cleared', incident: holder.id, reason: 'alert_cleared' };
  return past?.alert.status === 'cleared'
    ? { kind: 'ignored', reason: 'already_cleared' }
    : { kind: 'suppressed', incident: holder.id, reason: 'flapping' };
}

/** Told once more, by its own times, and no worse than before: it has fired since before the end of its incident. */
function isEcho(alert: Alert, { resolvedAt }: IncidentView, { history, now }: GroupingView): boolean {
  const told = history.get(alert.fingerprint)?.alert;
  if (told === undefined || resolvedAt === null || now - resolvedAt >= ECHO_MS) return false;
  return told.status === 'firing' && alert.startsAt <= told.startsAt && told.severity === alert.severity;
}

/** Its sender said that it was over before the page about it came: times decide, not the order of arrival. */
function isOvertaken(alert: Alert, { history, now }: GroupingView): boolean {
  const over = history.over(alert.fingerprint);
  return over !== undefined && alert.startsAt <= over.startsAt && now - over.at < OVERTAKEN_MS;
}

const isIt = (known: AlertView, alert: Alert): boolean => known.fingerprint === alert.fingerprint;

/**
 * The alert as an incident knows it. Some senders choose the identity of an alert freely, so one that names another
 * service or environment is another alert.
 */
function holds(incident: IncidentView, alert: Alert, place: Place): AlertView | undefined {
  if (alert.environment !== null && plain(incident.environment) !== plain(place.environment))
    return undefined;
  return incident.alerts.find(
    (known) =>
      isIt(known, alert) &&
      (known.service === null || place.service === null || known.service === place.service),
  );
}

/** While a critical alert of a service fires, lesser ones of it are symptoms: they are listed and raise nothing. */
function sameReason(incident: IncidentView, alert: Alert): 'inhibited' | 'same_service' {
  const isLesser = alert.severity === 'warning' || alert.severity === 'info';
  const fires = incident.alerts.some(
    (known) => known.severity === 'critical' && !known.cleared && known.service === incident.service,
  );
  return isLesser && fires ? 'inhibited' : 'same_service';
}

/**
 * The sender's own group is a hint that counts only for an alert whose service nobody knows, in the environment of the
 * incident: it never joins two services, nor two environments.
 */
function isOfGroup(incident: IncidentView, { alert, place, view }: Where & { alert: Alert }): boolean {
  if (alert.group === undefined || place.reason !== 'unknown_service') return false;
  if (plain(incident.environment) !== plain(place.environment)) return false;
  if (view.now - incident.openedAt > RELATED_MS) return false;
  return incident.alerts.some(({ fingerprint }) => {
    const known = view.history.get(fingerprint)?.alert;
    return known !== undefined && known.group === alert.group && known.source === alert.source;
  });
}

type Place = Pick<Extract<Grouping, { kind: 'opened' }>, 'service' | 'environment' | 'reason'>;

/**
 * Where the alert says that it happens. A known service of another environment than the inventory has counts as unknown:
 * a page from staging must never lead to a change in production.
 */
function placeOf(alert: Alert, view: GroupingView): Place {
  const named = ServiceId.safeParse(alert.service?.trim().toLowerCase());
  const service = named.success ? view.inventory.services.get(named.data) : undefined;
  if (service === undefined) {
    return { service: null, environment: alert.environment ?? view.environment, reason: 'unknown_service' };
  }
  if (alert.environment !== null && plain(alert.environment) !== plain(service.environment)) {
    return { service: null, environment: alert.environment, reason: 'other_environment' };
  }
  return { service: service.id, environment: service.environment, reason: 'new_fault' };
}

const SHORT: ReadonlyMap<string, string> = new Map([
  ['production', 'prod'],
  ['live', 'prod'],
  ['development', 'dev'],
  ['stage', 'staging'],
  ['stg', 'staging'],
]);

/** `Production` and `prod` are one environment. */
function plain(environment: string): string {
  const word = environment.trim().toLowerCase();
  return SHORT.get(word) ?? word;
}

function isSame(incident: IncidentView, place: Place): boolean {
  return (
    place.service !== null && incident.service === place.service && incident.environment === place.environment
  );
}

function isFreshlyResolved({ resolvedAt }: IncidentView, now: number): boolean {
  return resolvedAt !== null && now - resolvedAt < REOPEN_MS;
}

/** One fault shows at the service and at everything that calls it, so the two pages may come in either order. */
function isRelated(incident: IncidentView, place: Place, view: GroupingView): boolean {
  if (place.service === null || incident.service === null) return false;
  if (incident.environment !== place.environment || view.now - incident.openedAt > RELATED_MS) return false;
  return (
    callersOf(view.inventory, place.service).has(incident.service) ||
    dependenciesOf(view.inventory, place.service).has(incident.service)
  );
}
