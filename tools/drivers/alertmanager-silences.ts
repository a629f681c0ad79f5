import { z } from 'zod';
import { keyTakenBack } from '#approvals/permit.ts';
import type { Clock } from '#core/clock.ts';
import { wayTo } from '#core/egress.ts';
import type { Digest } from '#core/ids.ts';
import { fingerprintOf } from '#incidents/alert.ts';
import { askHttp, gapOf, gapOfStatus, type HttpAnswer, type NoAnswer, shortForeign } from './http-text.ts';
import type { ChangeOutcome, Seen } from './ports.ts';
import type { FiringAlert, SilenceDriver, SilenceOrder } from './silence-port.ts';

export type SilenceSettings = {
  /** Name of the source that pages come from; it is part of an alert's identity. */
  readonly source: string;
  /** Address of the Alertmanager, without `/api`. */
  readonly url: string;
  readonly token?: () => string;
  readonly timeoutMs?: number;
};

const Alerts = z
  .array(
    z.object({
      labels: z.record(z.string(), z.string()),
      status: z.object({ state: z.string() }).optional(),
    }),
  )
  .max(20_000);
const Silence = z.object({
  id: z.string().regex(/^[A-Za-z0-9-]{1,80}$/),
  comment: z.string(),
  status: z.object({ state: z.enum(['active', 'pending', 'expired']) }),
});
type Silence = z.infer<typeof Silence>;
const Made = z.object({ silenceID: Silence.shape.id });

/** One of these must be among the labels: an alert's name alone is not the alert of one service. */
const NARROW: ReadonlySet<string> = new Set([
  ...['service', 'service_name', 'app', 'application', 'job', 'instance'],
  ...['deployment', 'statefulset', 'daemonset', 'workload', 'pod', 'container'],
]);
const MOST_LABELS = 32;
const MINUTE_MS = 60_000;

type Reach = { readonly settings: SilenceSettings; readonly clock: Clock; readonly ask: Asking };
type Asking = (
  path: string,
  more: { readonly method?: 'POST' | 'DELETE'; readonly body?: object },
  signal: AbortSignal,
) => Promise<HttpAnswer | NoAnswer>;

/**
 * Silences one alert in an Alertmanager (API v2). The labels come from the alert that fires there and whose identity is
 * the recorded one; nothing that anybody wrote enters a matcher. The key of an order is the silence's comment.
 */
export function createAlertmanagerSilences(settings: SilenceSettings, clock: Clock): SilenceDriver {
  const { token, timeoutMs = 5000 } = settings;
  const base = `${settings.url.replace(/\/+$/, '')}/api/v2`;
  const send = wayTo(settings.url);
  const ask: Asking = (path, more, signal) =>
    askHttp({ url: `${base}${path}`, token, timeoutMs, send, ...more }, clock, signal);
  const reach: Reach = { settings, clock, ask };
  return {
    find: (fingerprint, signal) => find(reach, fingerprint, signal),
    silence: (order, signal) => silence(reach, order, signal),
    expire: (key, signal) => expire(reach, key, signal),
    settle: (key, signal) => settle(reach, key, signal),
    manual: ({ name, matchers }, minutes) => {
      const labels = matchers.map((one) => `${one.name}=${JSON.stringify(one.value)}`).join(' ');
      const whole = `amtool silence add --duration=${minutes}m ${labels}`;
      return whole.length <= 300
        ? whole
        : `silence ${name} in Alertmanager for ${minutes} min, by all its labels`;
    },
  };
}

async function find(
  { ask, settings }: Reach,
  fingerprint: Digest,
  signal: AbortSignal,
): Promise<Seen<FiringAlert>> {
  const seen = await read(await ask('/alerts?active=true&silenced=true&inhibited=true', {}, signal), Alerts);
  if (seen.kind === 'gap') return seen;
  const found = seen.value.find(
    ({ labels }) => fingerprintOf(settings.source, new Map(Object.entries(labels))) === fingerprint,
  );
  if (found === undefined) return { kind: 'gap', reason: 'no_data', detail: 'the alert does not fire there' };
  const matchers = Object.entries(found.labels)
    .map(([name, value]) => ({ name, value }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const name = found.labels.alertname ?? '';
  const isNarrow = matchers.some((one) => NARROW.has(one.name) && one.value !== '');
  if (name === '' || !isNarrow || matchers.length > MOST_LABELS)
    return {
      kind: 'gap',
      reason: 'no_data',
      detail: 'its labels do not say which alert of which service it is',
    };
  return { kind: 'seen', value: { name, matchers } };
}

async function silence(reach: Reach, order: SilenceOrder, signal: AbortSignal): Promise<ChangeOutcome> {
  const started = reach.clock.mono();
  const known = await silencesOf(reach, order.key, signal);
  if (known.kind === 'gap') return { kind: 'refused', reason: 'not_found', detail: known.detail };
  if (known.value.length > 0) return { kind: 'done', generation: 1, tookMs: 0 };
  const alert = await find(reach, order.fingerprint, signal);
  if (alert.kind === 'gap') return { kind: 'refused', reason: 'not_found', detail: alert.detail };
  const now = reach.clock.now();
  const body = {
    matchers: alert.value.matchers.map((one) => ({ ...one, isRegex: false, isEqual: true })),
    startsAt: new Date(now).toISOString(),
    endsAt: new Date(now + order.minutes * MINUTE_MS).toISOString(),
    createdBy: 'firebreak',
    comment: commentOf(order.key),
  };
  const answer = await reach.ask('/silences', { method: 'POST', body }, signal);
  const refused = refusalOf(answer);
  if (refused !== undefined) return refused;
  const made = await read(answer, Made);
  // What is not there, or not in effect, was not done.
  const there = await silencesOf(reach, order.key, signal);
  const isThere = there.kind === 'seen' && there.value.some(({ status }) => status.state !== 'expired');
  if (made.kind === 'gap' || !isThere)
    return { kind: 'unknown', detail: 'the silence was not seen afterwards' };
  return { kind: 'done', generation: 1, tookMs: Math.round(reach.clock.mono() - started) };
}

async function expire(reach: Reach, key: string, signal: AbortSignal): Promise<ChangeOutcome> {
  const started = reach.clock.mono();
  const found = await silencesOf(reach, keyTakenBack(key), signal);
  if (found.kind === 'gap') return { kind: 'refused', reason: 'not_found', detail: found.detail };
  for (const { id } of found.value.filter(({ status }) => status.state !== 'expired')) {
    const answer = await reach.ask(`/silence/${id}`, { method: 'DELETE' }, signal);
    const refused = refusalOf(answer);
    if (refused !== undefined) return refused;
  }
  return { kind: 'done', generation: 0, tookMs: Math.round(reach.clock.mono() - started) };
}

/** Of a silence: whether it is in effect. Of its end: whether it is in effect no more. */
async function settle(
  reach: Reach,
  key: string,
  signal: AbortSignal,
): Promise<'happened' | 'did_not_happen' | 'unknown'> {
  const isEnd = keyTakenBack(key) !== key;
  const found = await silencesOf(reach, keyTakenBack(key), signal);
  if (found.kind === 'gap') return 'unknown';
  const isInEffect = found.value.some(({ status }) => status.state === 'active');
  return isInEffect !== isEnd ? 'happened' : 'did_not_happen';
}

async function silencesOf(
  { ask }: Reach,
  key: string,
  signal: AbortSignal,
): Promise<Seen<readonly Silence[]>> {
  const seen = await read(await ask('/silences', {}, signal), z.array(z.unknown()).max(50_000));
  if (seen.kind === 'gap') return seen;
  const comment = commentOf(key);
  const own = seen.value.flatMap((one) => Silence.safeParse(one).data ?? []);
  return { kind: 'seen', value: own.filter((one) => one.comment === comment) };
}

const commentOf = (key: string): string => `firebreak ${key}: a person asked for this silence`;

async function read<T>(answer: HttpAnswer | NoAnswer, shape: z.ZodType<T>): Promise<Seen<T>> {
  if (answer.kind === 'no_answer') return gapOf(answer);
  if (answer.status !== 200) return gapOfStatus(answer);
  try {
    const parsed = shape.safeParse(JSON.parse(answer.text));
    if (parsed.success) return { kind: 'seen', value: parsed.data };
  } catch {
    // Said below.
  }
  return { kind: 'gap', reason: 'bad_answer', detail: 'the answer is not what an Alertmanager gives' };
}

/** Why nothing was changed for certain, or that nobody knows; undefined when it was taken. */
function refusalOf(answer: HttpAnswer | NoAnswer): ChangeOutcome | undefined {
  if (answer.kind === 'no_answer') {
    if (answer.sent) return { kind: 'unknown', detail: answer.detail };
    return { kind: 'refused', reason: 'not_found', detail: `nothing was sent: ${answer.detail}` };
  }
  const { status } = answer;
  if (status === 200) return undefined;
  const detail = `HTTP ${status} ${shortForeign(answer.text)}`.trim();
  if (status === 401 || status === 403) return { kind: 'refused', reason: 'unauthorised', detail };
  return status >= 400 && status < 500 && status !== 408
    ? { kind: 'refused', reason: 'invalid', detail }
    : { kind: 'unknown', detail };
}
