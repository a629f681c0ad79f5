import { type IncidentId, ServiceId } from '#core/ids.ts';
import type { Alert } from './alert.ts';
import { callersOf, dependenciesOf, type Inventory } from './inventory.ts';

/** An incident that is resolved comes back when the same alert fires again within this time. */
export const REOPEN_MS = 30 * 60_000;
/** Alerts of services that call each other belong together when they come within this time. */
export const RELATED_MS = 10 * 60_000;

/** What grouping must know of an incident: every open one, and those resolved less than `REOPEN_MS` ago. */
export type IncidentView = {
  readonly id: IncidentId;
  readonly service: ServiceId | null;
  readonly environment: string;
  /** All alerts that opened or joined it. */
  readonly fingerprints: readonly string[];
  /** Those of them that are cleared now; left out = none. */
  readonly cleared?: readonly string[];
  readonly openedAt: number;
  readonly resolvedAt: number | null;
};

export type GroupingView = {
  readonly incidents: readonly IncidentView[];
  readonly inventory: Inventory;
  /** Environment of an incident when neither the alert nor the inventory names one. */
  readonly environment: string;
  readonly now: number;
};

/**
 * What becomes of an alert, and why.
 * A firing alert is `suppressed` as a repeat, `joined` to an incident (`reopened` says that it was resolved), or `opened`
 * as a new one; a cleared alert is `cleared` in the incident that it belongs to, or `ignored`.
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
      reason: 'same_service' | 'related_service' | 'fired_again' | 'reopened';
    }
  | { kind: 'suppressed'; incident: IncidentId; reason: 'same_alert' }
  | { kind: 'cleared'; incident: IncidentId; reason: 'alert_cleared' }
  | { kind: 'ignored'; reason: 'nothing_open' | 'already_cleared' };

/** Decides where an alert belongs. Pure; does not throw. The first rule that fits wins, and the oldest incident. */
export function group(alert: Alert, view: GroupingView): Grouping {
  const incidents = view.incidents.toSorted((a, b) => a.openedAt - b.openedAt);
  const open = incidents.filter((incident) => incident.resolvedAt === null);
  const holder = open.find((incident) => incident.fingerprints.includes(alert.fingerprint));
  if (alert.status === 'cleared') return clear(alert, holder);
  if (holder !== undefined) {
    return wasCleared(holder, alert)
      ? { kind: 'joined', incident: holder.id, reason: 'fired_again' }
      : { kind: 'suppressed', incident: holder.id, reason: 'same_alert' };
  }
  const place = placeOf(alert, view);
  const same = open.find((incident) => isSame(incident, place));
  if (same !== undefined) return { kind: 'joined', incident: same.id, reason: 'same_service' };
  const resolved = incidents.findLast((incident) => isFreshlyResolved(incident, alert, view.now));
  if (resolved !== undefined) return { kind: 'joined', incident: resolved.id, reason: 'reopened' };
  const related = open.find((incident) => isRelated(incident, place, view));
  if (related !== undefined) return { kind: 'joined', incident: related.id, reason: 'related_service' };
  return { kind: 'opened', ...place };
}

function clear(alert: Alert, holder: IncidentView | undefined): Grouping {
  if (holder === undefined) return { kind: 'ignored', reason: 'nothing_open' };
  if (wasCleared(holder, alert)) return { kind: 'ignored', reason: 'already_cleared' };
  return { kind: 'cleared', incident: holder.id, reason: 'alert_cleared' };
}

function wasCleared(incident: IncidentView, alert: Alert): boolean {
  return incident.cleared?.includes(alert.fingerprint) ?? false;
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

function isFreshlyResolved(incident: IncidentView, alert: Alert, now: number): boolean {
  return (
    incident.resolvedAt !== null &&
    now - incident.resolvedAt < REOPEN_MS &&
    incident.fingerprints.includes(alert.fingerprint)
  );
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
