import { type Alert, fingerprintOf } from '#incidents/alert.ts';
import {
  environmentOfLabels,
  labelsOf,
  oneLine,
  serviceOfLabels,
  severityOf,
  startOf,
} from './foreign-text.ts';
import { matchedService } from './match-labels.ts';
import { checked, endedOf, groupOf, objectOf, type ParseContext, type Parsed, parseEach } from './parsed.ts';

/** Reads an Alertmanager webhook (version 4), every alert of the group. Grafana's contact point sends the same shape. */
export function parseAlertmanager(body: unknown, context: ParseContext): Parsed {
  const delivery = objectOf(body);
  if (delivery === undefined) return { kind: 'refused', reason: 'not_an_object' };
  if (!Array.isArray(delivery.alerts)) return { kind: 'refused', reason: 'no_alerts' };
  return parseEach(delivery.alerts, (item) => {
    const alert = objectOf(item);
    if (alert === undefined) return undefined;
    const cleared = (alert.status ?? delivery.status) === 'resolved';
    const read = prometheusAlert(alert, cleared ? 'cleared' : 'firing', context);
    return read && { ...read, ...groupOf(delivery.groupKey, context) };
  });
}

/** One alert as Prometheus and Alertmanager describe it, in a webhook or in the API: labels, annotations, startsAt. */
export function prometheusAlert(
  item: Readonly<Record<string, unknown>>,
  status: Alert['status'],
  context: ParseContext,
): Alert | undefined {
  const labels = labelsOf(item.labels);
  if (labels.size === 0) return undefined;
  const notes = labelsOf(item.annotations);
  const title = oneLine(notes.get('title') ?? notes.get('summary'), 120);
  return checked({
    source: context.source,
    status,
    fingerprint: fingerprintOf(context.source, labels),
    name: oneLine(labels.get('alertname'), 120) || title || 'alert without a name',
    severity: severityOf(labels.get('severity') ?? labels.get('priority')),
    service: matchedService(labels, context.matches) ?? serviceOfLabels(labels),
    environment: environmentOfLabels(labels),
    startsAt: startOf(item.startsAt, context.now),
    ...endedOf(item, status, context.now),
    summary: oneLine(notes.get('summary') ?? notes.get('description') ?? notes.get('message'), 500),
  });
}
