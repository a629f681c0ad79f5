import { z } from 'zod';
import { parseJson } from '#core/canonical.ts';
import type { Secret } from '#core/secret.ts';
import type { Alert } from '#incidents/alert.ts';
import type { GetAnswer, HttpGet } from './http-get.ts';
import { createListPoller, type ListPollerDeps, type Look, type Poller } from './list-poller.ts';
import { isOurs, pagerDutyAlert } from './pagerduty.ts';

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 4 * 1024 * 1024;
const LIMITS = { depth: 32, nodes: 200_000, floats: true };
const PAGE = 100;
const MAX_PAGES = 10;
/** A page of the list can shift while it is read: only what two looks in a row do not show is over. */
const GONE_LOOKS = 2;
/** What was open for longer when we first see it is somebody's already. */
const NEWS_MS = 24 * 3_600_000;
const LONGEST_WAIT_MS = 5 * 60_000;
const UNUSABLE = 'its token cannot be used now; see firebreak secrets check';

export type PagerDutyPollerDeps = Omit<ListPollerDeps, 'look' | 'goneMs'> & {
  /** Address of the REST API, without a path. */
  readonly url: string;
  readonly token: Secret;
  readonly get: HttpGet;
  /** Services of ours by what PagerDuty calls them. */
  readonly services: ReadonlyMap<string, string>;
};

const List = z.object({ incidents: z.array(z.unknown()).max(PAGE), more: z.boolean() });

/**
 * Watches PagerDuty's own list of open incidents, all pages of it. What is on it is an alert that fires; what two looks
 * in a row do not show has cleared. An incident that was a day old when it was first seen is left alone.
 */
export function createPagerDutyPoller(deps: PagerDutyPollerDeps): Poller {
  const known = new Set<string>(deps.firing.map((alert) => alert.fingerprint));
  const look = async (signal: AbortSignal | undefined): Promise<Look> => {
    const alerts: Alert[] = [];
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const part = await listPage(deps, page * PAGE, signal);
      if (part.kind === 'failed') return part;
      alerts.push(...part.alerts);
      if (!part.more) return { kind: 'alerts', firing: news(alerts), muted: [] };
    }
    return { kind: 'failed', detail: `more than ${MAX_PAGES * PAGE} open incidents` };
  };
  const news = (alerts: readonly Alert[]): Alert[] => {
    const since = deps.clock.now() - NEWS_MS;
    const told = alerts.filter((alert) => known.has(alert.fingerprint) || alert.startsAt >= since);
    for (const { fingerprint } of told) known.add(fingerprint);
    return told;
  };
  return createListPoller({ ...deps, goneMs: (GONE_LOOKS - 1) * deps.everyMs, look });
}

type Part = { kind: 'part'; alerts: readonly Alert[]; more: boolean } | Extract<Look, { kind: 'failed' }>;

async function listPage(
  deps: PagerDutyPollerDeps,
  offset: number,
  signal: AbortSignal | undefined,
): Promise<Part> {
  const query = new URLSearchParams([
    ['statuses[]', 'triggered'],
    ['statuses[]', 'acknowledged'],
    ['include[]', 'body'],
    ['date_range', 'all'],
    ['sort_by', 'created_at:asc'],
    ['limit', String(PAGE)],
    ['offset', String(offset)],
  ]);
  const token = deps.token.ifUsable();
  if (token === undefined) return { kind: 'failed', detail: UNUSABLE };
  const answer = await deps.get({
    url: `${deps.url.replace(/\/+$/, '')}/incidents?${query}`,
    headers: { authorization: `Token token=${token}`, accept: 'application/json' },
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
    clock: deps.clock,
    ...(signal && { signal }),
  });
  return answer.kind === 'failed' ? answer : readPage(deps, answer);
}

function readPage(deps: PagerDutyPollerDeps, answer: Extract<GetAnswer, { kind: 'answer' }>): Part {
  const { status, text, retryAfterMs = 0 } = answer;
  if (status !== 200) {
    const waitMs = Math.min(retryAfterMs, LONGEST_WAIT_MS);
    return { kind: 'failed', detail: `answered with status ${status}`, waitMs };
  }
  const json = parseJson(text, LIMITS);
  if (json.kind === 'invalid') return { kind: 'failed', detail: `answer is not usable JSON: ${json.reason}` };
  const list = List.safeParse(json.value);
  if (!list.success) return { kind: 'failed', detail: 'answer is not a list of incidents' };
  const context = { source: deps.source, now: deps.clock.now(), services: deps.services };
  const alerts = list.data.incidents.flatMap((item) => {
    const alert = isOurs(item) ? undefined : pagerDutyAlert(item, context);
    return alert?.status === 'firing' ? [alert] : [];
  });
  return { kind: 'part', alerts, more: list.data.more };
}
