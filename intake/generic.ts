import { type Alert, fingerprintOf } from '#incidents/alert.ts';
import { type ForeignFields, foreignFields, said, sent } from './foreign-fields.ts';
import {
  environmentOfLabels,
  knownSeverity,
  type Labels,
  oneLine,
  serviceOfLabels,
  severityOf,
  startOf,
} from './foreign-text.ts';
import { matchedService } from './match-labels.ts';
import { checked, endedOf, groupOf, objectOf, type ParseContext, type Parsed, parseEach } from './parsed.ts';

/**
 * The format for everything that has no parser of its own: one object, a list of them, or `{alerts: [...]}`.
 *
 *     {"name": "HighErrorRate", "service": "checkout", "severity": "critical", "status": "firing",
 *      "startsAt": "2026-01-31T03:12:00Z", "summary": "31 % of requests fail", "dedupKey": "checkout-errors",
 *      "environment": "prod", "labels": {"region": "eu"}}
 *
 * Only a name is needed: `name`, else `title`, else `alertname` (also among the labels), else the summary. The
 * identity is `dedupKey`; without one it is name, service, environment and labels. A list in which nothing has a name is
 * refused. What monitoring systems call these members in their own webhooks is understood as well, also one level deeper:
 * `AlarmName`, `rule_name`, `check_name`; `state`, `current_state`; `priority`, `level`; `incident: {...}`. A word for the
 * status that is not known is an alert that fires. Does not throw.
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

/** Names of the rule stand before titles: a title often says the status too, and changes with it. */
const NAME = ['name', 'alarmname', 'rulename', 'checkname', 'monitorname', 'triggername', 'detectorname'];
const TITLE = ['title', 'alertname', 'policyname', 'conditionname', 'rule', 'eventname', 'problemtitle'];
const SUBJECT = ['messagetitle', 'subject', 'stream', 'monitor', 'policy', 'condition'];
const SUMMARY = [
  'summary',
  'description',
  'message',
  'alarmdescription',
  'longdescription',
  'resultdescription',
];
const REASON = ['newstatereason', 'reason', 'messagebody', 'details', 'text', 'info'];
const STATUS = ['status', 'state', 'alertstate', 'alertstatus', 'newstatevalue', 'currentstate'];
const CHANGE = ['alerttransition', 'transition', 'action', 'eventaction', 'eventtype'];
const SEVERITY = ['severity', 'priority', 'level', 'criticality', 'importancelevel', 'urgency'];
const SERVICE = ['service', 'servicename', 'application', 'applicationname', 'project', 'projectname'];
const ENVIRONMENT = ['environment', 'env'];
const STARTED = ['startsat', 'startedat', 'starttime', 'startdate', 'triggeredat', 'statechangetime'];
const CHANGED = ['statechangedtimestamp', 'datestartzoned', 'occurredat', 'timestamp'];
/** What tells one alert from another, not one rule from another: a rule may watch many things. */
const IDENTITY = ['dedupkey', 'fingerprint', 'incidentid', 'alertid', 'aggregationkey'];

function genericAlert(value: unknown, context: ParseContext): Alert | undefined {
  const item = objectOf(value);
  if (item === undefined) return undefined;
  const fields = foreignFields(item);
  const { labels } = fields;
  const label = (name: string, max: number): string => oneLine(labels.get(name), max);
  const summary =
    said(fields, [...SUMMARY, ...REASON], 500) || label('summary', 500) || label('description', 500);
  const name = nameOf(fields) || label('alertname', 120) || label('name', 120) || oneLine(summary, 120);
  if (name === '') return undefined;
  const service =
    matchedService(labels, context.matches) ??
    (said(fields, SERVICE, 120) || label('service', 120) || serviceOfLabels(labels));
  const environment = said(fields, ENVIRONMENT, 60) || environmentOfLabels(labels);
  const status = isCleared(fields) ? 'cleared' : 'firing';
  return checked({
    source: context.source,
    status,
    fingerprint: fingerprintOf(
      context.source,
      identity(said(fields, IDENTITY, 500), labels, { name, service, environment }),
    ),
    name,
    severity: severityIn(fields),
    service,
    environment,
    startsAt: startOf(sent(fields, [...STARTED, ...CHANGED]), context.now),
    ...endedOf(item, status, context.now),
    ...groupOf(sent(fields, ['groupkey']), context),
    summary,
  });
}

/** The words of each kind are looked for at every level before the next kind: an envelope has a title of its own. */
function nameOf(fields: ForeignFields): string {
  for (const keys of [NAME, TITLE, SUBJECT]) {
    // A path or an address names nothing for people.
    const words = keys.filter((key) => !/^\S*\/\S*\/\S*$/.test(said(fields, [key], 200)));
    const name = said(fields, words, 120);
    if (name !== '') return name;
  }
  return '';
}

const CLEARED_WORDS: ReadonlySet<string> = new Set([
  ...[
    'resolved',
    'resolve',
    'cleared',
    'clear',
    'ok',
    'okay',
    'closed',
    'close',
    'recovered',
    'recovery',
    'up',
  ],
  ...['normal', 'inactive', 'canceled', 'cancelled', 'ended', 'healthy', 'resolution'],
]);

/**
 * The status says so in one word, or what happened does in its last: `incident.resolved`, `ALERT_NOTIFICATION_CLEAR`. A
 * sentence says nothing here: "not ok" must not clear what burns.
 */
function isCleared(fields: ForeignFields): boolean {
  const words = [
    said(fields, STATUS, 60) || oneLine(fields.labels.get('status'), 40),
    said(fields, CHANGE, 80),
  ];
  const [status = '', change = ''] = words.map((word) => word.toLowerCase());
  if (status !== '') return CLEARED_WORDS.has(status);
  const parts = change.split(/[_.-]/);
  return (
    !/\s/.test(change) &&
    !parts.some((part) => /^(?:not|no|un|non)$/.test(part)) &&
    CLEARED_WORDS.has(parts.at(-1) ?? '')
  );
}

/** `ALERT_LEVEL_WARNING` means its last word; a priority that is a number is counted from the most urgent. */
function severityIn(fields: ForeignFields): Alert['severity'] {
  for (const key of SEVERITY) {
    const word = said(fields, [key], 60) || oneLine(fields.labels.get(key), 60);
    const numbered = key === 'priority' && /^[0-5]$/.test(word) ? `p${word}` : word;
    const known = knownSeverity(numbered) ?? knownSeverity(numbered.split('_').at(-1));
    if (known !== undefined) return known;
  }
  return severityOf('');
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
