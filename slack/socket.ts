import type { SocketModeReceiver } from '@slack/bolt';
import { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';

export type SocketClient = SocketModeReceiver['client'];

/** One thing that came over the socket; `acknowledge` may be called once. */
export type SocketEvent = {
  readonly body: unknown;
  readonly acknowledge: (response?: Readonly<Record<string, unknown>>) => Promise<void>;
};

export type Socket = {
  /** Resolves when it is connected for the first time, or was stopped. */
  readonly connected: Promise<void>;
  stop(): Promise<void>;
};

const Emitted = z.looseObject({
  ack: z.custom<(response?: unknown) => Promise<void>>((value) => typeof value === 'function'),
  body: z.unknown(),
});

const HELLO_WITHIN_MS = 30_000;
const PAUSES_MS = [1_000, 2_000, 5_000, 10_000, 30_000];
/** Away for so long, it is said that nobody is heard. */
const AWAY_MS = 30_000;
/** A connection that lasted so long is followed by the next one without a pause. */
const STEADY_MS = 10_000;

/**
 * Keeps a connection of Socket Mode up for as long as it is not stopped. The client's own reconnecting must be off: it
 * ends the process when Slack says no. After a connection that lasted the next attempt is made at once, otherwise with
 * growing pauses up to 30 s; `onLost` is told once for each time that it stays away, `onAway` when it does for 30 s, and
 * `onBack` when it stands again.
 */
export function keepConnected(
  client: SocketClient,
  deps: {
    readonly clock: Clock;
    readonly onEvent: (event: SocketEvent) => void;
    readonly onLost: (why: string) => void;
    readonly onAway: () => void;
    readonly onBack: () => void;
  },
): Socket {
  const stopping = new AbortController();
  const first = Promise.withResolvers<void>();
  guardFrames(client, deps.onLost);
  client.on('slack_event', (emitted: unknown) => {
    const event = Emitted.safeParse(emitted);
    if (event.success) deps.onEvent({ body: event.data.body, acknowledge: acknowledgeOf(event.data.ack) });
  });
  let cancelAway = deps.clock.after(AWAY_MS, deps.onAway);
  const running = run();

  async function run(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted; ) {
      const lasted = await live().catch((error: unknown) => messageOf(error));
      if (typeof lasted === 'string') {
        failures += 1;
        if (failures === 2) deps.onLost(lasted);
      } else failures = 0;
      const isSteady = typeof lasted === 'number' && lasted >= STEADY_MS;
      const pause = isSteady ? 0 : (PAUSES_MS[Math.max(failures, 1) - 1] ?? 30_000);
      await deps.clock.sleep(pause, stopping.signal).catch(() => undefined);
    }
    first.resolve();
  }
  /** One connection, from the attempt to its end: how long it lasted, in ms. Throws when there was none. */
  async function live(): Promise<number> {
    const gone = Promise.withResolvers<void>();
    const end = (): void => gone.resolve();
    client.on('disconnected', end);
    try {
      await connect(client, deps.clock, stopping.signal);
      const since = deps.clock.mono();
      cancelAway();
      deps.onBack();
      first.resolve();
      await gone.promise;
      cancelAway = deps.clock.after(AWAY_MS, deps.onAway);
      return deps.clock.mono() - since;
    } finally {
      client.off('disconnected', end);
    }
  }
  return {
    connected: first.promise,
    stop: async () => {
      stopping.abort(new Error('stopped'));
      cancelAway();
      await client.disconnect();
      await running;
      cancelAway();
    },
  };
}

/** Connects and waits for Slack's hello; throws when there is none, or nobody wants it any more. What comes later is closed. */
async function connect(client: SocketClient, clock: Clock, stopping: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<never>();
  let isOver = false;
  const giveUp = (why: string): void => {
    isOver = true;
    over.reject(new Error(why));
  };
  const stop = (): void => giveUp('stopped');
  const cancel = clock.after(HELLO_WITHIN_MS, () => giveUp('Slack did not say hello'));
  stopping.addEventListener('abort', stop, { once: true });
  const starting = client.start().then(() => (isOver ? client.disconnect() : undefined));
  try {
    await Promise.race([starting, over.promise]);
  } finally {
    cancel();
    stopping.removeEventListener('abort', stop);
    if (isOver) await client.disconnect();
  }
}

/** A frame that the client cannot read is dropped; by itself it would throw where nobody catches. */
function guardFrames(client: SocketClient, onError: (why: string) => void): void {
  const readers = client.listeners('ws_message');
  client.removeAllListeners('ws_message');
  client.on('ws_message', (...frame: unknown[]) => {
    for (const read of readers)
      void Promise.resolve()
        .then(() => Reflect.apply(read, client, frame))
        .catch((error: unknown) => onError(`a frame that cannot be read: ${messageOf(error)}`));
  });
}

/** Slack sends an event again that it did not see acknowledged; a connection that is gone is no failure of ours. */
function acknowledgeOf(ack: (response?: unknown) => Promise<void>): SocketEvent['acknowledge'] {
  return async (response) => {
    await Promise.resolve()
      .then(() => ack(response))
      .catch(() => undefined);
  };
}
