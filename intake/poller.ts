import { parseJson } from '#core/canonical.ts';
import type { Secret } from '#core/secret.ts';
import { parseAlertmanagerApi } from './am-api.ts';
import type { HttpGet } from './http-get.ts';
import { createListPoller, type ListPollerDeps, type Look, type Poller } from './list-poller.ts';
import type { LabelMatch } from './match-labels.ts';

/** An Alertmanager that restarts shows an empty list until Prometheus has sent its alerts again, at most a minute later. */
const GONE_MS = 75_000;
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 4 * 1024 * 1024;
const LIMITS = { depth: 32, nodes: 200_000, floats: true };

export type PollerDeps = Omit<ListPollerDeps, 'look' | 'goneMs'> & {
  /** Address of the Alertmanager, e.g. `http://127.0.0.1:9093`. */
  readonly url: string;
  readonly token: Secret | null;
  /** 75 s unless given. */
  readonly goneMs?: number;
  readonly get: HttpGet;
  /** Which labels belong to which service of ours. */
  readonly matches?: readonly LabelMatch[];
};

/** Watches Alertmanager's own list of alerts. */
export function createPoller(deps: PollerDeps): Poller {
  const { goneMs = GONE_MS } = deps;
  return createListPoller({ ...deps, goneMs, look: (signal) => look(deps, signal) });
}

const UNUSABLE = 'its token cannot be used now; see firebreak secrets check';

async function look(deps: PollerDeps, signal: AbortSignal | undefined): Promise<Look> {
  const url = `${deps.url.replace(/\/+$/, '')}/api/v2/alerts?active=true&silenced=true&inhibited=true&unprocessed=false`;
  const token = deps.token?.ifUsable();
  if (deps.token !== null && token === undefined) return { kind: 'failed', detail: UNUSABLE };
  const answer = await deps.get({
    url,
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
    clock: deps.clock,
    ...(token !== undefined && { token }),
    ...(signal && { signal }),
  });
  if (answer.kind === 'failed') return answer;
  if (answer.status !== 200) return { kind: 'failed', detail: `answered with status ${answer.status}` };
  const json = parseJson(answer.text, LIMITS);
  if (json.kind === 'invalid') return { kind: 'failed', detail: `answer is not usable JSON: ${json.reason}` };
  const { source, clock, matches } = deps;
  const context = { source, now: clock.now(), ...(matches && { matches }) };
  const parsed = parseAlertmanagerApi(json.value, context);
  return parsed.kind === 'alerts'
    ? parsed
    : { kind: 'failed', detail: `answer is not usable: ${parsed.reason}` };
}
