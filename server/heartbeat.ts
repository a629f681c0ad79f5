import type { Log } from '#audit/log.ts';
import type { Clock } from '#core/clock.ts';
import type { HttpGet } from '#intake/http-get.ts';

/** The loop that fires what is due has stopped when it did not come round for this long. */
const STUCK_MS = 10_000;
const TIMEOUT_MS = 10_000;

export type HeartbeatDeps = {
  readonly url: string;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: Pick<Log, 'health'>;
  readonly get: HttpGet;
  /** Called when it begins to fail or works again. */
  readonly onHealth: (text: string) => void;
};

export type Heartbeat = {
  /** The loop that fires what is due came round. */
  tick(): void;
  stop(): void;
};

/**
 * Asks for one address again and again, for a service that raises an alarm when that stops. It is asked for only while
 * the log takes entries and the loop comes round: a server that could not work must not look alive.
 */
export function startHeartbeat({ url, everyMs, clock, log, get, onHealth }: HeartbeatDeps): Heartbeat {
  let lastTick = clock.mono();
  let cancel = () => {};
  let told = 'ok';
  const stop = new AbortController();

  const beat = async (): Promise<void> => {
    const why = log.health().kind !== 'ok' ? 'the log cannot be written' : undefined;
    const stuck = clock.mono() - lastTick > STUCK_MS ? 'the loop does not come round' : undefined;
    const health = why ?? stuck ?? (await ask());
    if (stop.signal.aborted) return;
    if (health !== told) onHealth(health === 'ok' ? 'the heartbeat is heard' : `no heartbeat: ${health}`);
    told = health;
  };
  const ask = async (): Promise<string> => {
    const answer = await get({ url, timeoutMs: TIMEOUT_MS, maxBytes: 64 * 1024, clock, signal: stop.signal });
    if (answer.kind === 'failed') return answer.detail;
    return answer.status < 300 ? 'ok' : `answered with status ${answer.status}`;
  };
  const next = (): void => {
    cancel = clock.after(everyMs, () => {
      next();
      void beat();
    });
  };
  next();
  void beat();
  return {
    tick: () => {
      lastTick = clock.mono();
    },
    stop: () => {
      stop.abort();
      cancel();
    },
  };
}
