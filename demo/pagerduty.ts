import { createHash, createHmac } from 'node:crypto';
import { fingerprintOf, labelsOf, type PagedAlert } from './alertmanager.ts';

const iso = (ms: number): string => new Date(ms).toISOString();

/** An id as PagerDuty makes them: the same for the same thing. */
function idOf(letter: 'P' | 'Q', ...about: readonly (string | number)[]): string {
  const digest = createHash('sha256').update(JSON.stringify(about)).digest('hex');
  return `${letter}${digest.slice(0, 13).toUpperCase()}`;
}

/** The body of one webhook (version 3) about the page that PagerDuty made of an alert; tried again, it has the same id. */
export function pagerDutyBody(alert: PagedAlert): object {
  const labels = labelsOf(alert);
  const { service = '', severity } = labels;
  const key = fingerprintOf(labels);
  const status = alert.endsAt === undefined ? 'triggered' : 'resolved';
  const changed = iso(alert.endsAt ?? alert.startsAt);
  const data = {
    id: idOf('Q', key, alert.startsAt),
    type: 'incident',
    title: alert.alertname,
    status,
    incident_key: key,
    created_at: iso(alert.startsAt),
    last_status_change_at: changed,
    ...(status === 'resolved' && { resolved_at: changed }),
    urgency: severity === 'critical' ? 'high' : 'low',
    priority: null,
    service: { id: idOf('P', service), type: 'service_reference', summary: service },
  };
  return {
    event: {
      id: idOf('Q', key, alert.startsAt, status),
      event_type: `incident.${status}`,
      resource_type: 'incident',
      occurred_at: changed,
      agent: null,
      client: null,
      data,
    },
  };
}

/** The header that says who sends these bytes. */
export function pagerDutySignature(body: string, secret: string): string {
  return `v1=${createHmac('sha256', secret).update(body).digest('hex')}`;
}
