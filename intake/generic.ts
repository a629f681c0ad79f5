import type { Alert } from '#incidents/alert.ts';
import {
  environmentOfLabels,
  type Labels,
  labelsOf,
  oneLine,
  serviceOfLabels,
  severityOf,
  startOf,
} from './foreign-text.ts';
import { matchedService } from './match-labels.ts';
import {
  checked,
  endedOf,
  fingerprintOf,
  groupOf,
  objectOf,
  type ParseContext,
  type Parsed,
  parseEach,
} from './parsed.ts';

/**
 * The format for everything that has no parser of its own: one object, a list of them, or `{alerts: [...]}`.
 *
 *     {"name": "HighErrorRate", "service": "checkout", "severity": "critical", "status": "firing",
 *      "startsAt": "2026-01-31T03:12:00Z", "summary": "31 % of requests fail", "dedupKey": "checkout-errors",
 *      "environment": "prod", "labels": {"region": "eu"}}
 *
 * Only a name is needed: `name`, else `title`, else `alertname` (also among the labels), else the summary. The
 * identity is `dedupKey`; without one it is name, service, environment and labels. A list in which nothing has a name is
 * refused. Does not throw.
 */
export function parseGeneric(body: unknown, context: ParseContext): Parsed {
  const envelope = objectOf(body);
  const list = Array.isArray(body) ? body : envelope?.alerts;
  if (Array.isArray(list)) {
    const parsed = parseEach(list, (item) => genericAlert(item, context));
    const nameless =
      parsed.kind === 'refused' && parsed.reason === 'no_readable_alert' && list.some(objectOf);
    return nameless ? { kind: 'refused', reason: 'no_name' } : parsed;
  }
  if (envelope === undefined) return { kind: 'refused', reason: 'not_an_object' };
  const alert = genericAlert(envelope, context);
  return alert ? { kind: 'alerts', alerts: [alert], skipped: 0 } : { kind: 'refused', reason: 'no_name' };
}

const CLEARED_WORDS: ReadonlySet<string> = new Set([
  'resolved',
  'cleared',
  'ok',
  'closed',
  'recovered',
  'recovery',
  'up',
]);

function genericAlert(value: unknown, context: ParseContext): Alert | undefined {
  const item = objectOf(value);
  if (item === undefined) return undefined;
  const labels = labelsOf(item.labels);
  const text = (name: string, max: number): string =>
    oneLine(item[name], max) || oneLine(labels.get(name), max);
  const summary = text('summary', 500) || text('description', 500) || text('message', 500);
  const own = oneLine(item.name, 120) || oneLine(item.title, 120);
  const name = own || text('alertname', 120) || text('name', 120) || oneLine(summary, 120);
  if (name === '') return undefined;
  const service =
    matchedService(labels, context.matches) ?? (text('service', 120) || serviceOfLabels(labels));
  const environment = text('environment', 60) || environmentOfLabels(labels);
  const status = CLEARED_WORDS.has(text('status', 40).toLowerCase()) ? 'cleared' : 'firing';
  return checked({
    source: context.source,
    status,
    fingerprint: fingerprintOf(
      context.source,
      identity(oneLine(item.dedupKey, 500), labels, { name, service, environment }),
    ),
    name,
    severity: severityOf(text('severity', 40) || text('priority', 40)),
    service,
    environment,
    startsAt: startOf(item.startsAt, context.now),
    ...endedOf(item, status, context.now),
    ...groupOf(item.groupKey, context),
    summary,
  });
}

type Named = { name: string; service: string | null; environment: string | null };

function identity(dedupKey: string, labels: Labels, named: Named): Labels {
  if (dedupKey !== '') return new Map([['dedupKey', dedupKey]]);
  return new Map([
    ...[...labels].map(([label, value]): [string, string] => [`label ${label}`, value]),
    ['name', named.name],
    ['service', named.service ?? ''],
    ['environment', named.environment ?? ''],
  ]);
}
