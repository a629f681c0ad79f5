import { clip, inert } from '#core/inert.ts';
import type { Severity } from '#incidents/vocabulary.ts';

/** What anyone may put on an alert: name -> text. */
export type Labels = ReadonlyMap<string, string>;

/**
 * Foreign text as one printable line of at most `max` UTF-16 units, in NFC, with what steers or hides made visible; anything but text, a number or a truth value
 * gives ''. Does not throw.
 */
export function oneLine(value: unknown, max: number): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return '';
  // Cut before the work as well, so that a huge text is cheap.
  const start = String(value)
    .slice(0, max * 4)
    .toWellFormed();
  return clip(inert(start.replace(/\s+/gu, ' ').trim()), max);
}

/** The text members of an object, values untouched; anything else has none. Does not throw. */
export function labelsOf(value: unknown): Labels {
  const labels = new Map<string, string>();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return labels;
  for (const [name, text] of Object.entries(value)) {
    if (typeof text === 'string') labels.set(name, text);
    else if (typeof text === 'number' || typeof text === 'boolean') labels.set(name, String(text));
  }
  return labels;
}

const SEVERITY_WORDS: Readonly<Record<Severity, readonly string[]>> = {
  critical: [
    'critical',
    'crit',
    'fatal',
    'emergency',
    'emerg',
    'disaster',
    'alert',
    'page',
    'urgent',
    'p0',
    'p1',
    'sev0',
    'sev1',
  ],
  error: ['error', 'err', 'major', 'high', 'severe', 'p2', 'sev2'],
  warning: ['warning', 'warn', 'minor', 'medium', 'moderate', 'average', 'p3', 'sev3'],
  info: [
    'info',
    'information',
    'informational',
    'notice',
    'low',
    'none',
    'debug',
    'p4',
    'p5',
    'sev4',
    'sev5',
  ],
};

const SEVERITIES: ReadonlyMap<string, Severity> = new Map(
  (['critical', 'error', 'warning', 'info'] as const).flatMap((severity) =>
    SEVERITY_WORDS[severity].map((word): [string, Severity] => [word, severity]),
  ),
);

/** The severity that a word means. No word, or one that nobody knows, is an error: somebody did send a page. */
export function severityOf(word: unknown): Severity {
  return knownSeverity(word) ?? 'error';
}

/** The severity that a word means; undefined for one that nobody knows. */
export function knownSeverity(word: unknown): Severity | undefined {
  return SEVERITIES.get(oneLine(word, 40).toLowerCase().replaceAll('-', ''));
}

/** `job` stands last: it often names what collected the numbers, not what they are about. */
const SERVICE_LABELS = [
  'service',
  'service_name',
  'app',
  'app_kubernetes_io_name',
  'app.kubernetes.io/name',
  'application',
  'deployment',
  'statefulset',
  'daemonset',
  'workload',
  'container',
  'component',
  'job',
] as const;

/** Collectors report about others, also where their own name stands in the service label. */
const COLLECTOR = /(^|-)(kube-state-metrics|[a-z]{1,20}-exporter)$/;

/** The service as the labels name it; null when none does. */
export function serviceOfLabels(labels: Labels): string | null {
  for (const name of SERVICE_LABELS) {
    const service = oneLine(labels.get(name), 120);
    if (service !== '' && !COLLECTOR.test(service)) return service;
  }
  return null;
}

/** The environment as the labels name it; null when none does. */
export function environmentOfLabels(labels: Labels): string | null {
  for (const name of ['environment', 'env', 'deployment_environment', 'stage']) {
    const environment = oneLine(labels.get(name), 60);
    if (environment !== '') return environment;
  }
  return null;
}

/** Seconds below this, milliseconds above: 1e11 s is the year 5138, 1e11 ms is 1973. */
const SECONDS_BELOW = 1e11;

/**
 * When an alert began, in ms; an unreadable, negative or future time gives `now`. Numbers may be seconds or milliseconds.
 */
export function startOf(value: unknown, now: number): number {
  const start = saidTime(value);
  return start !== undefined && start <= now ? start : now;
}

function saidTime(value: unknown): number | undefined {
  const ms =
    typeof value === 'number'
      ? value * (Math.abs(value) < SECONDS_BELOW ? 1000 : 1)
      : Date.parse(oneLine(value, 40));
  const at = Math.floor(ms);
  return at > 0 ? at : undefined;
}

/**
 * When a cleared alert ended, in ms, where its sender says both when it began and when it ended, in that order and not in
 * the future; undefined otherwise: nothing is concluded from a time that was not said.
 */
export function endOf(
  item: { readonly startsAt?: unknown; readonly endsAt?: unknown },
  now: number,
): number | undefined {
  const [began, ended] = [saidTime(item.startsAt), saidTime(item.endsAt)];
  if (began === undefined || ended === undefined) return undefined;
  return began <= ended && ended <= now ? ended : undefined;
}
