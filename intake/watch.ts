import type { Clock } from '#core/clock.ts';
import type { ServiceId } from '#core/ids.ts';
import type { Alert } from '#incidents/alert.ts';
import { fingerprintOf } from '#incidents/alert.ts';
import type { Severity, SignalName } from '#incidents/vocabulary.ts';
import { deliveryOf, handOver, type OnAlert } from './delivery.ts';
import { RETELL_MS, repeat } from './repeat.ts';
import { type Reading, step, toldOf, toTell, type WatchState } from './watch-state.ts';

/** Source of the alerts that watches raise. */
export const WATCH_SOURCE = 'watch';

/** A condition of one service that the product looks at by itself. */
export type WatchRule = {
  readonly service: ServiceId;
  readonly environment: string;
  readonly condition:
    | { kind: 'probe' }
    | { kind: 'above'; signal: SignalName; limit: number }
    | { kind: 'below'; signal: SignalName; limit: number };
  /** How long the condition must hold before it is an alert, and be gone before it is cleared. */
  readonly forMs: number;
  readonly everyMs: number;
  readonly severity: Severity;
};

/** Handed in: the newest value of a signal; null when there is none. May throw, which counts as none. */
export type ReadSignal = (
  service: ServiceId,
  signal: SignalName,
  abort: AbortSignal,
) => Promise<number | null>;
/** Handed in: whether the service's own health check is fine; `unseen` when that cannot be told. May throw, likewise. */
export type Probe = (service: ServiceId, abort: AbortSignal) => Promise<'up' | 'down' | 'unseen'>;

export type WatchDeps = {
  readonly rule: WatchRule;
  readonly readSignal: ReadSignal;
  readonly probe: Probe;
  readonly clock: Clock;
  readonly onAlert: OnAlert;
  /** When this watch fires according to the log: since when. */
  readonly firingSince: number | null;
};

export type Watch = {
  /** Looks once and hands over what changed. Does not throw. */
  look(signal: AbortSignal): Promise<void>;
  /** Looks until the signal aborts, then returns. */
  run(signal: AbortSignal): Promise<void>;
};

/** Makes one watch; what could not be made durable is handed over again at the next look. */
export function createWatch(deps: WatchDeps): Watch {
  const { rule, clock, firingSince } = deps;
  let state: WatchState =
    firingSince === null ? { kind: 'quiet' } : { kind: 'firing', began: firingSince, told: true };
  let toldAt = clock.mono();

  async function look(signal: AbortSignal): Promise<void> {
    const reading = await readingOf(deps, signal).catch((): Reading => 'unseen');
    if (signal.aborted) return;
    state = step(state, reading, { mono: clock.mono(), wall: clock.now(), forMs: rule.forMs });
    const goesOn = state.kind === 'firing' && clock.mono() - toldAt >= RETELL_MS;
    const status = toTell(state) ?? (goesOn ? 'firing' : null);
    if (status === null || !('began' in state)) return;
    const alert = watchAlert(rule, status, state.began);
    const delivery = deliveryOf('watch', { source: WATCH_SOURCE, alerts: [alert], receivedAt: clock.now() });
    const outcome = await handOver(deps.onAlert, delivery);
    if (outcome.kind !== 'accepted') return;
    state = toldOf(state);
    toldAt = clock.mono();
  }

  return {
    look,
    run: (signal) => repeat({ clock, everyMs: rule.everyMs, signal, tick: () => look(signal) }),
  };
}

async function readingOf({ rule, probe, readSignal }: WatchDeps, signal: AbortSignal): Promise<Reading> {
  const { service, condition } = rule;
  if (condition.kind === 'probe') {
    const seen = await probe(service, signal);
    return seen === 'up' ? 'good' : seen === 'down' ? 'bad' : 'unseen';
  }
  const value = await readSignal(service, condition.signal, signal);
  if (value === null || !Number.isFinite(value)) return 'unseen';
  const over = condition.kind === 'above' ? value > condition.limit : value < condition.limit;
  return over ? 'bad' : 'good';
}

/** The alert of a rule; its fingerprint depends on the rule alone, so that it is known again after a restart. */
export function watchAlert(rule: WatchRule, status: Alert['status'], startsAt: number): Alert {
  const { service, environment, severity, condition, forMs } = rule;
  const name =
    condition.kind === 'probe' ? 'probe failed' : `${condition.signal} ${condition.kind} ${condition.limit}`;
  const labels = new Map([
    ['service', service],
    ['environment', environment],
    ['condition', name],
  ]);
  return {
    source: WATCH_SOURCE,
    status,
    fingerprint: fingerprintOf(WATCH_SOURCE, labels),
    name,
    severity,
    service,
    environment,
    startsAt,
    summary: `${service}: ${name} for ${forMs / 1000} s`,
  };
}
