import { parseJson } from '#core/canonical.ts';
import type { Clock } from '#core/clock.ts';
import type { Secret } from '#core/secret.ts';
import type { Alert } from '#incidents/alert.ts';
import { type PolledAlerts, parseAlertmanagerApi } from './am-api.ts';
import { deliveryOf, handOver, type OnAlert } from './delivery.ts';
import type { HttpGet } from './http-get.ts';
import { RETELL_MS, repeat } from './repeat.ts';

/** An Alertmanager that restarts shows an empty list until Prometheus has sent its alerts again, at most a minute later. */
const GONE_MS = 75_000;
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 4 * 1024 * 1024;
const LIMITS = { depth: 32, nodes: 200_000, floats: true };

export type PollHealth = { kind: 'ok' } | { kind: 'failing'; detail: string };

export type PollerDeps = {
  readonly source: string;
  /** Address of the Alertmanager, e.g. `http://127.0.0.1:9093`. */
  readonly url: string;
  readonly token: Secret | null;
  readonly everyMs: number;
  /** How long an alert must be gone from the list before it counts as cleared; 75 s unless given. */
  readonly goneMs?: number;
  readonly clock: Clock;
  readonly get: HttpGet;
  readonly onAlert: OnAlert;
  /** Called when health changes, and once after the first poll. */
  readonly onHealth: (health: PollHealth) => void;
  /** Alerts of this source that fire according to the log, so that those which vanished meanwhile are cleared. */
  readonly firing: readonly Alert[];
};

export type Poller = {
  /** One look at the list; returns when what it gave was handed over. Does not throw. */
  poll(signal?: AbortSignal): Promise<void>;
  /** Polls until the signal aborts, then returns. */
  run(signal: AbortSignal): Promise<void>;
};

/**
 * Watches Alertmanager's own list of alerts and hands over what changed, and now and then what goes on.
 * An alert is: unknown -> told (listed, and handed over as firing) -> missing (not listed) -> unknown (missing for
 * `goneMs`, and handed over as cleared); missing -> told when it is listed again. A silenced alert stays what it is. A
 * poll that fails changes nothing, and what could not be made durable is handed over again with the next poll.
 */
export function createPoller(deps: PollerDeps): Poller {
  const told = new Map<string, { alert: Alert; toldAt: number; missingSince: number | null }>();
  for (const alert of deps.firing)
    told.set(alert.fingerprint, { alert, toldAt: deps.clock.mono(), missingSince: null });
  let health = '';

  function report(next: PollHealth): void {
    const key = next.kind === 'ok' ? 'ok' : next.detail;
    if (key !== health) deps.onHealth(next);
    health = key;
  }

  async function poll(signal?: AbortSignal): Promise<void> {
    const seen = await look(deps, signal);
    if (signal?.aborted) return;
    if (seen.kind === 'failed') return report({ kind: 'failing', detail: seen.detail });
    const now = deps.clock.mono();
    const fresh = seen.firing.filter(
      ({ fingerprint }) => now - (told.get(fingerprint)?.toldAt ?? -RETELL_MS) >= RETELL_MS,
    );
    const gone = missing([...seen.firing, ...seen.muted]);
    const changes = [...fresh, ...gone];
    if (changes.length > 0) {
      const outcome = await handOver(
        deps.onAlert,
        deliveryOf('poll', { source: deps.source, alerts: changes, receivedAt: deps.clock.now() }),
      );
      if (outcome.kind === 'unavailable')
        return report({ kind: 'failing', detail: 'alerts could not be recorded' });
    }
    for (const alert of fresh) told.set(alert.fingerprint, { alert, toldAt: now, missingSince: null });
    for (const alert of gone) told.delete(alert.fingerprint);
    report({ kind: 'ok' });
  }

  /** Marks what is not listed; gives those that were missing for long enough, as cleared. */
  function missing(listed: readonly Alert[]): Alert[] {
    const present = new Set(listed.map((alert) => alert.fingerprint));
    const now = deps.clock.mono();
    const gone: Alert[] = [];
    for (const entry of told.values()) {
      const here = present.has(entry.alert.fingerprint);
      entry.missingSince = here ? null : (entry.missingSince ?? now);
      const long = entry.missingSince !== null && now - entry.missingSince >= (deps.goneMs ?? GONE_MS);
      if (long) gone.push({ ...entry.alert, status: 'cleared' });
    }
    return gone;
  }

  return { poll, run: (signal) => repeat({ ...deps, signal, tick: () => poll(signal) }) };
}

type Look = Extract<PolledAlerts, { kind: 'alerts' }> | { kind: 'failed'; detail: string };

async function look(deps: PollerDeps, signal: AbortSignal | undefined): Promise<Look> {
  const url = `${deps.url.replace(/\/+$/, '')}/api/v2/alerts?active=true&silenced=true&inhibited=true&unprocessed=false`;
  const answer = await deps.get({
    url,
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
    clock: deps.clock,
    ...(deps.token && { token: deps.token.reveal() }),
    ...(signal && { signal }),
  });
  if (answer.kind === 'failed') return answer;
  if (answer.status !== 200) return { kind: 'failed', detail: `answered with status ${answer.status}` };
  const json = parseJson(answer.text, LIMITS);
  if (json.kind === 'invalid') return { kind: 'failed', detail: `answer is not usable JSON: ${json.reason}` };
  const parsed = parseAlertmanagerApi(json.value, { source: deps.source, now: deps.clock.now() });
  return parsed.kind === 'alerts'
    ? parsed
    : { kind: 'failed', detail: `answer is not usable: ${parsed.reason}` };
}
