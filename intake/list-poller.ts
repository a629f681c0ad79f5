import type { Clock } from '#core/clock.ts';
import type { Alert } from '#incidents/alert.ts';
import { deliveryOf, handOver, type OnAlert } from './delivery.ts';
import { RETELL_MS, repeat } from './repeat.ts';

export type PollHealth = { kind: 'ok' } | { kind: 'failing'; detail: string };

/**
 * What one look at a sender's own list gave. `muted` alerts fire but page nobody: no page, and no sign of recovery
 * either. `waitMs`: the sender wants to be left alone for so long.
 */
export type Look =
  | { kind: 'alerts'; firing: readonly Alert[]; muted: readonly Alert[] }
  | { kind: 'failed'; detail: string; waitMs?: number };

export type ListPollerDeps = {
  readonly source: string;
  readonly everyMs: number;
  /** How long an alert must be gone from the list before it counts as cleared. */
  readonly goneMs: number;
  readonly clock: Clock;
  /** Reads the whole list. Does not throw. */
  readonly look: (signal: AbortSignal | undefined) => Promise<Look>;
  readonly onAlert: OnAlert;
  /** Called when health changes, and once after the first poll. */
  readonly onHealth: (health: PollHealth) => void;
  /** An alert of this name is told of again after so long: it only shows that its source lives. */
  readonly watchdog?: { readonly alert: string; readonly everyMs: number };
  /** Alerts of this source that fire according to the log, so that those which vanished meanwhile are cleared. */
  readonly firing: readonly Alert[];
};

export type Poller = {
  /** One look at the list; returns when what it gave was handed over. Does not throw. */
  poll(signal?: AbortSignal): Promise<void>;
  /** Polls until the signal aborts, then returns. */
  run(signal: AbortSignal): Promise<void>;
};

/** Who has seen the page, which page it is, and how bad it is are news as well. */
function isAsTold(alert: Alert, told: Alert): boolean {
  return alert.page === told.page && alert.seenBy === told.seenBy && alert.severity === told.severity;
}

/**
 * Watches a sender's own list of alerts and hands over what changed, and now and then what goes on.
 * An alert is: unknown -> told (listed, and handed over as firing) -> missing (not listed) -> unknown (missing for
 * `goneMs`, and handed over as cleared); missing -> told when it is listed again. A silenced alert stays what it is. A
 * poll that fails changes nothing, and what could not be made durable is handed over again with the next poll.
 */
export function createListPoller(deps: ListPollerDeps): Poller {
  const { clock } = deps;
  const told = new Map<string, { alert: Alert; toldAt: number; missingSince: number | null }>();
  for (const alert of deps.firing)
    told.set(alert.fingerprint, { alert, toldAt: clock.mono(), missingSince: null });
  let health = '';
  let quietUntil = clock.mono();

  function report(next: PollHealth): void {
    const key = next.kind === 'ok' ? 'ok' : next.detail;
    if (key !== health) deps.onHealth(next);
    health = key;
  }

  async function poll(signal?: AbortSignal): Promise<void> {
    if (clock.mono() < quietUntil) return;
    const seen = await deps.look(signal);
    if (signal?.aborted) return;
    if (seen.kind === 'failed') {
      quietUntil = clock.mono() + (seen.waitMs ?? 0);
      return report({ kind: 'failing', detail: seen.detail });
    }
    const now = clock.mono();
    const fresh = seen.firing.filter((alert) => {
      const last = told.get(alert.fingerprint);
      return last === undefined || now - last.toldAt >= retellMs(alert) || !isAsTold(alert, last.alert);
    });
    const gone = missing([...seen.firing, ...seen.muted]);
    const changes = [...fresh, ...gone];
    if (changes.length > 0) {
      const outcome = await handOver(
        deps.onAlert,
        deliveryOf('poll', { source: deps.source, alerts: changes, receivedAt: clock.now() }),
      );
      if (outcome.kind === 'unavailable')
        return report({ kind: 'failing', detail: 'alerts could not be recorded' });
    }
    for (const alert of fresh) told.set(alert.fingerprint, { alert, toldAt: now, missingSince: null });
    for (const alert of gone) told.delete(alert.fingerprint);
    report({ kind: 'ok' });
  }

  function retellMs({ name }: Alert): number {
    const { watchdog } = deps;
    return watchdog?.alert === name ? Math.min(watchdog.everyMs, RETELL_MS) : RETELL_MS;
  }

  /** Marks what is not listed; gives those that were missing for long enough, as cleared. */
  function missing(listed: readonly Alert[]): Alert[] {
    const present = new Set(listed.map((alert) => alert.fingerprint));
    const now = clock.mono();
    const gone: Alert[] = [];
    for (const entry of told.values()) {
      const here = present.has(entry.alert.fingerprint);
      entry.missingSince = here ? null : (entry.missingSince ?? now);
      const long = entry.missingSince !== null && now - entry.missingSince >= deps.goneMs;
      if (long) gone.push({ ...entry.alert, status: 'cleared' });
    }
    return gone;
  }

  return {
    poll,
    run: (signal) => repeat({ clock, everyMs: deps.everyMs, signal, tick: () => poll(signal) }),
  };
}
