import type { EntryDraft, Log } from '#audit/log.ts';
import type { Clock } from '#core/clock.ts';
import { IncidentId } from '#core/ids.ts';
import type { Alert } from '#incidents/alert.ts';
import { countStream, fact, incidentStream } from '#incidents/entry.ts';
import { type GroupingView, group, type IncidentView } from '#incidents/grouping.ts';
import type { Incident } from '#incidents/incident.ts';
import type { IncidentFold } from '#incidents/incident-fold.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { Accepted, Delivery } from '#intake/delivery.ts';

export type DeliverDeps = {
  readonly log: Log;
  readonly clock: Clock;
  readonly incidents: IncidentFold;
  readonly inventory: Inventory;
  readonly environment: string;
  readonly defaultOwner: string;
};

/** One append takes at most 256 entries, and an alert can need two. */
const ALERTS_PER_STEP = 100;

/**
 * Decides where each alert of a delivery belongs and makes it durable; only when all of it is, the sender is answered. A
 * storm takes several steps: a sender that tries again after a failure between them repeats what is known already.
 */
export async function deliver(deps: DeliverDeps, delivery: Delivery): Promise<Accepted> {
  const incidents = new Set<IncidentId>();
  for (let from = 0; from === 0 || from < delivery.alerts.length; from += ALERTS_PER_STEP) {
    const alerts = delivery.alerts.slice(from, from + ALERTS_PER_STEP);
    for (const incident of await deliverStep(deps, { ...delivery, alerts })) incidents.add(incident);
  }
  return { kind: 'accepted', incidents: [...incidents] };
}

/** Two deliveries that would open the same incident meet at the versions they read: one of them looks again. */
async function deliverStep(deps: DeliverDeps, delivery: Delivery): Promise<ReadonlySet<IncidentId>> {
  for (;;) {
    const expect: Record<string, number> = {
      [countStream('incident')]: deps.log.version(countStream('incident')),
    };
    const planned = plan(deps, delivery, expect);
    const appended = await deps.log.append(planned.drafts, { expect });
    if (appended.kind === 'appended') return planned.incidents;
  }
}

type Planned = {
  drafts: EntryDraft[];
  incidents: Set<IncidentId>;
  view: IncidentView[];
  opened: number;
  expect: Record<string, number>;
};

function plan(deps: DeliverDeps, delivery: Delivery, expect: Record<string, number>): Planned {
  const { source, key, alerts, bytes, via } = delivery;
  const received = fact(
    'delivery.received',
    { source, key, alerts: alerts.length, bytes, via },
    contextOf(delivery),
  );
  const view = deps.incidents.current().map(viewOf);
  const planned: Planned = {
    drafts: [received],
    incidents: new Set(),
    view,
    opened: deps.incidents.opened,
    expect,
  };
  for (const alert of alerts) place(deps, delivery, { alert, planned });
  return planned;
}

/** Adds what becomes of one alert; later alerts of the delivery see it. */
function place(
  deps: DeliverDeps,
  delivery: Delivery,
  { alert, planned }: { alert: Alert; planned: Planned },
): void {
  const now = deps.clock.now();
  const view: GroupingView = {
    incidents: planned.view,
    inventory: deps.inventory,
    environment: deps.environment,
    now,
  };
  const placed = group(alert, view);
  const { summary, ...facts } = alert;
  if (placed.kind === 'opened') return open(deps, delivery, { alert, planned, placed });
  if (placed.kind === 'ignored') return;
  const { incident, reason } = placed;
  planned.incidents.add(incident);
  planned.expect[incidentStream(incident)] = deps.log.version(incidentStream(incident));
  const context = { ...contextOf(delivery), incident, streams: [incidentStream(incident)] };
  const known = planned.view.find((one) => one.id === incident);
  if (placed.kind === 'suppressed')
    planned.drafts.push(fact('alert.suppressed', { alert: facts, reason }, { ...context, streams: [] }));
  else if (placed.kind === 'cleared')
    planned.drafts.push(
      fact('alert.cleared', { fingerprint: alert.fingerprint, source: alert.source }, context),
    );
  else {
    if (reason === 'reopened')
      planned.drafts.push(fact('incident.reopened', { reason: 'same_alert' }, context));
    planned.drafts.push(
      fact('alert.joined', { alert: facts, reason }, { ...context, payloads: [textOf(alert, summary)] }),
    );
  }
  if (known !== undefined) planned.view[planned.view.indexOf(known)] = after(known, alert);
}

type Opening = {
  alert: Alert;
  planned: Planned;
  placed: Extract<ReturnType<typeof group>, { kind: 'opened' }>;
};

function open(deps: DeliverDeps, delivery: Delivery, { alert, planned, placed }: Opening): void {
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
    fingerprints: [alert.fingerprint],
    openedAt: deps.clock.now(),
    resolvedAt: null,
  });
}

function viewOf(incident: Incident): IncidentView {
  const { id, service, environment, openedAt, alerts, resolved } = incident;
  const cleared = alerts.filter((alert) => alert.cleared).map((alert) => alert.fingerprint);
  return {
    id,
    service,
    environment,
    openedAt,
    fingerprints: alerts.map((alert) => alert.fingerprint),
    cleared,
    resolvedAt: resolved?.at ?? null,
  };
}

/** How the incident looks to the next alert of the same delivery. */
function after(view: IncidentView, alert: Alert): IncidentView {
  const others = (view.cleared ?? []).filter((fingerprint) => fingerprint !== alert.fingerprint);
  const cleared = alert.status === 'cleared' ? [...others, alert.fingerprint] : others;
  return {
    ...view,
    fingerprints: [...new Set([...view.fingerprints, alert.fingerprint])],
    cleared,
    resolvedAt: alert.status === 'firing' ? null : view.resolvedAt,
  };
}

/** The alert's own words: content, so it lies in a payload. */
function textOf(alert: Alert, summary: string) {
  return {
    id: `alert-${alert.fingerprint.slice(0, 16)}-${alert.startsAt}`,
    content: Buffer.from(JSON.stringify({ summary })),
  };
}

function contextOf(delivery: Delivery) {
  return { actor: { kind: 'source', id: delivery.source } as const, traceId: delivery.key.slice(0, 16) };
}
