import type { EntryDraft, Log } from '#audit/log.ts';
import type { Clock } from '#core/clock.ts';
import { IncidentId, type ServiceId } from '#core/ids.ts';
import type { Alert } from '#incidents/alert.ts';
import type { AlertHistory } from '#incidents/alert-history.ts';
import { countStream, fact, incidentStream } from '#incidents/entry.ts';
import { type Grouping, type GroupingView, group, type IncidentView } from '#incidents/grouping.ts';
import type { Incident } from '#incidents/incident.ts';
import type { IncidentFold } from '#incidents/incident-fold.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { MaintenanceFold } from '#incidents/maintenance-fold.ts';
import { NOTHING_QUIET, type QuietRules, quietNow } from '#incidents/quiet.ts';
import type { Accepted, Delivery } from '#intake/delivery.ts';
import type { Watchdog } from './config-duty.ts';
import { splitWatchdogs } from './watchdogs.ts';

export type DeliverDeps = {
  readonly log: Log;
  readonly clock: Clock;
  readonly incidents: IncidentFold;
  readonly inventory: Inventory;
  readonly environment: string;
  readonly defaultOwner: string;
  readonly history: AlertHistory;
  readonly maintenance: MaintenanceFold;
  /** Left out = the config leaves nothing alone. */
  readonly quiet?: QuietRules;
  /** Left out = no source has one. */
  readonly watchdogs?: readonly Watchdog[];
};

/** One append takes at most 256 entries, and an alert can need two. */
const ALERTS_PER_STEP = 100;

/**
 * Decides where each alert of a delivery belongs and makes it durable; only when all of it is, the sender is answered. A
 * storm takes several steps: a sender that tries again after a failure between them repeats what is known already.
 */
export async function deliver(deps: DeliverDeps, received: Delivery): Promise<Accepted> {
  const { delivery, seen } = splitWatchdogs(received, deps.watchdogs ?? []);
  const incidents = new Set<IncidentId>();
  for (let from = 0; from === 0 || from < delivery.alerts.length; from += ALERTS_PER_STEP) {
    const alerts = delivery.alerts.slice(from, from + ALERTS_PER_STEP);
    const own = from === 0 ? seen : [];
    for (const incident of await deliverStep(deps, { ...delivery, alerts }, own)) incidents.add(incident);
  }
  return { kind: 'accepted', incidents: [...incidents] };
}

/** Two deliveries that would open the same incident meet at the versions they read: one of them looks again. */
async function deliverStep(
  deps: DeliverDeps,
  delivery: Delivery,
  seen: readonly EntryDraft[],
): Promise<ReadonlySet<IncidentId>> {
  for (;;) {
    const expect: Record<string, number> = {
      [countStream('incident')]: deps.log.version(countStream('incident')),
    };
    const planned = plan(deps, delivery, expect);
    const appended = await deps.log.append([...planned.drafts, ...seen], { expect });
    if (appended.kind === 'appended') return planned.incidents;
  }
}

type Planned = {
  drafts: EntryDraft[];
  incidents: Set<IncidentId>;
  view: IncidentView[];
  opened: number;
  expect: Record<string, number>;
  /** How many alerts changed nothing, by why. */
  ignored: Map<string, number>;
};

function plan(deps: DeliverDeps, delivery: Delivery, expect: Record<string, number>): Planned {
  const view = deps.incidents.current().filter(isItsOwn).map(viewOf);
  const planned: Planned = {
    drafts: [],
    incidents: new Set(),
    view,
    opened: deps.incidents.opened,
    expect,
    ignored: new Map(),
  };
  for (const alert of delivery.alerts) place(deps, delivery, { alert, planned });
  planned.drafts.unshift(receivedOf(delivery, planned));
  return planned;
}

function receivedOf(delivery: Delivery, { ignored }: Planned): EntryDraft {
  const { source, key, alerts, bytes, via, eventAt } = delivery;
  const reasons = [...ignored].map(([reason, count]) => ({ reason, alerts: count }));
  const body = {
    ...{ source, key, alerts: alerts.length, bytes, via },
    ...(eventAt !== undefined && { eventAt }),
    ...(reasons.length > 0 && { ignored: reasons }),
  };
  return fact('delivery.received', body, contextOf(delivery));
}

/** Adds what becomes of one alert; later alerts of the delivery see it. */
function place(
  deps: DeliverDeps,
  delivery: Delivery,
  { alert, planned }: { alert: Alert; planned: Planned },
): void {
  const placed = group(alert, viewFor(deps, planned.view));
  switch (placed.kind) {
    case 'opened':
      return open(deps, delivery, { alert, planned, placed });
    case 'ignored':
      return ignore(planned, placed.reason);
    case 'left_alone':
    case 'over':
      return leave(delivery, { alert, planned, placed });
    default:
      return join(deps, delivery, { alert, planned, placed });
  }
}

/** What grouping sees: the log as it is, and the incidents as the alerts before this one leave them. */
function viewFor(deps: DeliverDeps, incidents: readonly IncidentView[]): GroupingView {
  const { inventory, environment, history, maintenance, quiet: rules = NOTHING_QUIET } = deps;
  const now = deps.clock.now();
  const added = maintenance.all();
  return {
    ...{ incidents, inventory, environment, history, now },
    quiet: (alert, service) => quietNow({ rules, added, alert, service, now }),
  };
}

type Placed<K extends Grouping['kind']> = {
  alert: Alert;
  planned: Planned;
  placed: Extract<Grouping, { kind: K }>;
};

/** No incident takes it: a page that is left alone, or the end of one. */
function leave(delivery: Delivery, { alert, planned, placed }: Placed<'left_alone' | 'over'>): void {
  const { summary, ...facts } = alert;
  const { fingerprint, source, startsAt, endsAt } = alert;
  if (placed.kind === 'left_alone') {
    const { service, reason, window, until } = placed;
    const body = { alert: facts, service, reason, window, until };
    planned.drafts.push(fact('page.suppressed', body, contextOf(delivery)));
  } else if (placed.reason === 'left_alone' || endsAt !== undefined) {
    const body = { fingerprint, source, startsAt, ...(endsAt !== undefined && { endsAt }) };
    planned.drafts.push(fact('page.cleared', body, contextOf(delivery)));
  } else ignore(planned, placed.reason);
}

/** Every alert of a delivery is accounted for, also one that changes nothing. */
function ignore({ ignored }: Planned, reason: string): void {
  ignored.set(reason, (ignored.get(reason) ?? 0) + 1);
}

/** An incident that is there takes it. */
function join(
  deps: DeliverDeps,
  delivery: Delivery,
  { alert, planned, placed }: Placed<'suppressed' | 'cleared' | 'joined'>,
): void {
  const { summary, ...facts } = alert;
  const { incident, reason } = placed;
  planned.incidents.add(incident);
  planned.expect[incidentStream(incident)] = deps.log.version(incidentStream(incident));
  const context = { ...contextOf(delivery), incident, streams: [incidentStream(incident)] };
  const known = planned.view.find((one) => one.id === incident);
  if (placed.kind === 'suppressed') {
    planned.drafts.push(fact('alert.suppressed', { alert: facts, reason }, { ...context, streams: [] }));
    return;
  }
  if (placed.kind === 'cleared') {
    const { fingerprint, source, startsAt, endsAt } = alert;
    const over = endsAt === undefined ? {} : { startsAt, endsAt };
    planned.drafts.push(fact('alert.cleared', { fingerprint, source, ...over }, context));
  } else {
    if (reason === 'reopened')
      planned.drafts.push(fact('incident.reopened', { reason: 'same_alert' }, context));
    planned.drafts.push(
      fact('alert.joined', { alert: facts, reason }, { ...context, payloads: [textOf(alert, summary)] }),
    );
  }
  if (known !== undefined) planned.view[planned.view.indexOf(known)] = after(known, alert);
}

function open(deps: DeliverDeps, delivery: Delivery, { alert, planned, placed }: Placed<'opened'>): void {
  planned.opened += 1;
  const incident = IncidentId.parse(`INC-${planned.opened}`);
  const { summary, ...facts } = alert;
  const service = placed.service === null ? undefined : deps.inventory.services.get(placed.service);
  const body = {
    alert: facts,
    group: placed.environment,
    service: placed.service,
    environment: placed.environment,
    owner: service?.owner ?? deps.defaultOwner,
    severity: alert.severity,
    mode: service?.mode ?? 'observe',
    reason: placed.reason,
  } as const;
  const streams = [countStream('incident'), incidentStream(incident)];
  planned.drafts.push(
    fact('incident.opened', body, {
      ...contextOf(delivery),
      incident,
      streams,
      payloads: [textOf(alert, summary)],
    }),
  );
  planned.incidents.add(incident);
  planned.view.push({
    id: incident,
    service: placed.service,
    environment: placed.environment,
    alerts: [alertView(alert, placed.service)],
    openedAt: deps.clock.now(),
    resolvedAt: null,
  });
}

/** What was merged into another incident lives on there only. */
function isItsOwn({ mergedInto }: Incident): boolean {
  return mergedInto === null;
}

function viewOf(incident: Incident): IncidentView {
  const { id, service, environment, openedAt, alerts, resolved } = incident;
  return { id, service, environment, openedAt, alerts, resolvedAt: resolved?.at ?? null };
}

/** How the incident looks to the next alert of the same delivery. */
function after(view: IncidentView, alert: Alert): IncidentView {
  const known = view.alerts.find((one) => one.fingerprint === alert.fingerprint);
  const others = view.alerts.filter((one) => one !== known);
  return {
    ...view,
    alerts: [...others, alertView(alert, known?.service ?? view.service)],
    resolvedAt: alert.status === 'firing' ? null : view.resolvedAt,
  };
}

function alertView({ fingerprint, severity, status }: Alert, service: ServiceId | null) {
  return { fingerprint, severity, service, cleared: status === 'cleared' };
}

/** The alert's own words: content, so it lies in a payload. */
function textOf(alert: Alert, summary: string) {
  return {
    id: `alert-${alert.fingerprint.slice(0, 16)}-${alert.startsAt}`,
    content: Buffer.from(JSON.stringify({ summary })),
  };
}

function contextOf(delivery: Delivery) {
  const { source, trace = delivery.key.slice(0, 16) } = delivery;
  return { actor: { kind: 'source', id: source } as const, traceId: trace };
}
