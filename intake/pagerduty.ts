import { z } from 'zod';
import { type Alert, fingerprintOf, PageRef } from '#incidents/alert.ts';
import type { Severity } from '#incidents/vocabulary.ts';
import {
  environmentOfLabels,
  knownSeverity,
  type Labels,
  labelsOf,
  oneLine,
  serviceOfLabels,
  startOf,
} from './foreign-text.ts';
import { checked, objectOf, type ParseContext, type Parsed, type SentEvent } from './parsed.ts';

/** What we trigger ourselves has a key that begins so: it must not come back to us as news. */
export const OWN_KEY = 'firebreak/';

const anything = z.unknown().optional();
/** An incident of PagerDuty, as the body of a webhook and as the REST API describe it; the rest of it is not read. */
const Incident = z.object({
  id: PageRef,
  status: z.enum(['triggered', 'acknowledged', 'resolved']),
  created_at: anything,
  title: anything,
  incident_key: anything,
  urgency: anything,
  priority: anything,
  service: anything,
  body: anything,
  resolved_at: anything,
  last_status_change_at: anything,
  acknowledgements: anything,
});
type Incident = z.infer<typeof Incident>;

/** Somebody of PagerDuty; what is done through its API on nobody's behalf has no user. */
const User = z.object({ id: PageRef, type: z.string().startsWith('user') });
const Acknowledgements = z.array(z.object({ acknowledger: User }));

const Event = z.object({
  event: z.object({
    id: z.string().min(1).max(100),
    event_type: z.string().min(1).max(100),
    occurred_at: z.iso.datetime({ offset: true }),
    agent: anything,
    data: anything,
  }),
});

/** Events after which the incident stands as its data says: it fires, or it is over. */
const ABOUT_AN_ALERT: ReadonlySet<string> = new Set([
  'incident.triggered',
  'incident.acknowledged',
  'incident.unacknowledged',
  'incident.escalated',
  'incident.delegated',
  'incident.reassigned',
  'incident.reopened',
  'incident.priority_updated',
  'incident.resolved',
]);

/**
 * Reads one webhook of PagerDuty (version 3). An event about something else than the state of an incident (a note, a
 * responder, a ping) is ignored, as is what we triggered ourselves. Does not throw.
 */
export function parsePagerDuty(body: unknown, context: ParseContext): Parsed {
  const parsed = Event.safeParse(body);
  if (!parsed.success) return { kind: 'refused', reason: 'no_event' };
  const { id, event_type: type, occurred_at, agent, data } = parsed.data.event;
  const event: SentEvent = { id, at: Date.parse(occurred_at) };
  if (!ABOUT_AN_ALERT.has(type)) return { kind: 'ignored', reason: 'no_alert_in_it', event };
  if (isOurs(data)) return { kind: 'ignored', reason: 'our_own_page', event };
  const alert = pagerDutyAlert(data, context, { type, at: occurred_at, agent });
  if (alert === undefined) return { kind: 'refused', reason: 'no_readable_alert' };
  return { kind: 'alerts', alerts: [alert], skipped: 0, event };
}

/** Whether this incident of PagerDuty is one that we triggered. */
export function isOurs(data: unknown): boolean {
  return oneLine(objectOf(data)?.incident_key, 200).startsWith(OWN_KEY);
}

/**
 * An incident of PagerDuty as an alert, from a webhook or from the REST API; undefined for what is none. It began when
 * it was created, or opened again. One that is over says when that was in both times: what is told late of the time
 * before is older then, and what is opened again is younger. Does not throw.
 */
export function pagerDutyAlert(
  data: unknown,
  context: ParseContext,
  event?: { type: string; at: string; agent: unknown },
): Alert | undefined {
  const parsed = Incident.safeParse(data);
  if (!parsed.success) return undefined;
  const incident = parsed.data;
  const { id, created_at, resolved_at, last_status_change_at } = incident;
  const over = event?.type === 'incident.resolved' || incident.status === 'resolved';
  const ended = event?.at ?? resolved_at ?? last_status_change_at;
  const began = event?.type === 'incident.reopened' ? event.at : created_at;
  const details = detailsOf(incident);
  const seenBy = incident.status === 'acknowledged' ? acknowledgerOf(incident, event) : undefined;
  return checked({
    source: context.source,
    status: over ? 'cleared' : 'firing',
    fingerprint: fingerprintOf(context.source, identity(incident)),
    name: oneLine(incident.title, 120) || 'page without a title',
    severity: severityOfPage(incident, details),
    service: serviceOf(incident, details, context),
    environment: environmentOfLabels(details),
    startsAt: startOf(over ? ended : began, context.now),
    ...(over && { endsAt: startOf(ended, context.now) }),
    summary: oneLine(details.get('summary') ?? details.get('description') ?? incident.title, 500),
    page: id,
    ...(seenBy !== undefined && { seenBy }),
  });
}

/** Who did it: the webhook says it beside the incident, the REST API in it. */
function acknowledgerOf(
  { acknowledgements }: Incident,
  event: { type: string; agent: unknown } | undefined,
): string | undefined {
  if (event !== undefined)
    return event.type === 'incident.acknowledged' ? User.safeParse(event.agent).data?.id : undefined;
  return Acknowledgements.safeParse(acknowledgements).data?.at(-1)?.acknowledger.id;
}

/** The sender's key says that it is the same fault again, where it gave one; it counts for its own service only. */
function identity({ id, incident_key, service }: Incident): Labels {
  const key = oneLine(incident_key, 255);
  const of = oneLine(objectOf(service)?.id, 40);
  return new Map([['service', of], key === '' ? ['id', id] : ['key', key]]);
}

/** What the monitoring system that paged through PagerDuty told about itself; the webhook leaves it out. */
function detailsOf({ body }: Incident): Labels {
  return labelsOf(objectOf(body)?.details);
}

/** The priority that people gave it, else the sender's own word, else how urgent PagerDuty takes it to be. */
function severityOfPage({ priority, urgency }: Incident, details: Labels): Severity {
  const named = objectOf(priority);
  return (
    knownSeverity(named?.summary) ??
    knownSeverity(named?.name) ??
    knownSeverity(details.get('severity')) ??
    (urgency === 'low' ? 'warning' : 'critical')
  );
}

/** As the config translates the service, else what the details name, else PagerDuty's own name of it. */
function serviceOf(incident: Incident, details: Labels, { services }: ParseContext): string | null {
  const service = objectOf(incident.service);
  const [id, name] = [oneLine(service?.id, 40), oneLine(service?.summary ?? service?.name, 120)];
  const mapped = services?.get(id) ?? services?.get(name);
  return mapped ?? serviceOfLabels(details) ?? (name === '' ? null : name);
}
