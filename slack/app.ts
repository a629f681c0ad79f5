import type { Logger, LogLevel } from '@slack/bolt';
import type { Clean } from '#core/clean.ts';
import type { Clock, Random } from '#core/clock.ts';
import { createEgress } from '#core/egress.ts';
import type { PersonId } from '#core/ids.ts';
import { redact } from '#core/redact.ts';
import type { Secret } from '#core/secret.ts';
import { authorised } from './authorised.ts';
import { createChannels } from './channels.ts';
import { type Acknowledge, createDispatch, type Dispatch } from './dispatch.ts';
import { type Admitted, admitBody, createHttpDoor, type DoorRefusal, type HttpBody } from './door.ts';
import { type HealthWatch, type SlackHealth, watchHealth } from './health.ts';
import type { Incoming } from './incoming.ts';
import { onlyIn, WHO } from './only-in.ts';
import type { Handlers } from './ports.ts';
import { type Order, type Sent, sendPost } from './post.ts';
import { createReplies, type ReplyDeps } from './replies.ts';
import { keepConnected, type Socket, type SocketClient } from './socket.ts';
import { slackRules } from './way.ts';
import { createWeb } from './web.ts';

export type SlackOptions = {
  readonly team: string;
  readonly app: string;
  /** Of the web API, with a slash at its end; null: where Slack itself is. */
  readonly apiUrl: string | null;
  readonly botToken: Secret;
  readonly door:
    | { readonly kind: 'socket'; readonly appToken: Secret }
    | { readonly kind: 'http'; readonly signingSecrets: readonly Secret[] };
  readonly allowShared: readonly string[];
  /** Takes secrets out of all that is said; left out = those of known formats. */
  readonly clean?: Clean;
  readonly personOf: (team: string, user: string) => PersonId | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly onHealth: (health: SlackHealth) => void;
  /** Something came over the socket that was not for us. */
  readonly onRefused: (reason: DoorRefusal) => void;
  /** Something failed, in words of ours; with a correlation id when a person was shown one. */
  readonly onError: (message: string, correlation: string | null) => void;
};

/** What is answered to a request that Slack posted. */
export type HttpAnswer =
  | { readonly kind: 'answered'; readonly body: Readonly<Record<string, unknown>> | null }
  | { readonly kind: 'refused'; readonly reason: DoorRefusal };

export type SlackApp = {
  /** Posts, edits or uploads; does not throw. */
  send(order: Order, signal: AbortSignal): Promise<Sent>;
  health(): SlackHealth;
  /** From now on what people say and click is handed to `handlers`. Resolves when Slack knows where we are. */
  start(handlers: Handlers): Promise<void>;
  /** A request that Slack posted; only where the door is `http`. Does not throw. */
  receive(request: HttpBody): Promise<HttpAnswer>;
  stop(): Promise<void>;
};

/** What the library wants to hold in place of a token, which is put in where a call is sent. */
const AT_EACH_CALL = 'xapp-at-each-call';
const CALL_TIMEOUT_MS = 10_000;
/** While Slack fails it is asked so often whether it works again. */
const PROBE_MS = 30_000;

/**
 * Our app in one workspace of Slack. Loads Slack's library, but opens nothing before `start`. Nothing is posted before
 * Slack confirmed that the token is of the workspace that the config names.
 */
export async function createSlackApp(options: SlackOptions): Promise<SlackApp> {
  const { webApi, LogLevel, SocketModeReceiver } = await import('@slack/bolt');
  const { clock, apiUrl, door, team } = options;
  const rules = slackRules(apiUrl);
  const send = createEgress({ rules }).fetch;
  const probing = createProbe(clock);
  const health = watchHealth((now) => {
    options.onHealth(now);
    probing.follow(now);
  });
  const common = {
    ...(apiUrl === null ? {} : { slackApiUrl: apiUrl }),
    ...{ timeout: CALL_TIMEOUT_MS, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true },
    logger: silentLogger(LogLevel.ERROR),
  };
  const client = new webApi.WebClient(undefined, {
    ...{ ...common, fetch: authorised(send, options.botToken) },
    allowAbsoluteUrls: false,
  });
  const { clean = redact } = options;
  const open = createWeb({ client, clock, health, clean });
  probing.ask = () => open.call(WHO);
  const { web, self } = onlyIn(team, open, options.botToken);
  const channels = createChannels({ web, clock, team, allowShared: options.allowShared });
  const isKnown = (user: string): boolean => options.personOf(team, user) !== null;
  const listening: Listening = { dispatch: undefined, self };
  const admit =
    door.kind === 'http' ? createHttpDoor({ secrets: door.signingSecrets, own: options, clock }) : undefined;
  let socket: Socket | undefined;
  return {
    health: health.now,
    send: (order, signal) => sendPost({ web, channels, send, isKnown, clock }, order, signal),
    start: async (handlers) => {
      listening.dispatch = dispatchTo(handlers, { ...options, self }, { web, channels, isKnown, clean });
      if (door.kind === 'http') return;
      const installerOptions = { clientOptions: { ...common, fetch: authorised(send, door.appToken) } };
      const { logger } = common;
      const { createDispatcher } = await import('#core/egress/dispatcher.ts');
      const { dispatcher, drop } = createDispatcher(rules);
      const { client } = new SocketModeReceiver({
        ...{ appToken: AT_EACH_CALL, autoReconnectEnabled: false, logger, installerOptions, dispatcher },
      });
      // The library leaves a connection that the other side does not end.
      client.on('disconnected', drop);
      socket = listenOn(client, { ...options, health }, listening);
      await socket.connected;
    },
    receive: async (request) =>
      admit === undefined ? { kind: 'refused', reason: 'not_signed' } : answerHttp(admit(request), listening),
    stop: async () => {
      listening.dispatch = undefined;
      probing.stop();
      await socket?.stop();
    },
  };
}

/** Who gets what comes in: nobody before the start and after the stop, and never what we said ourselves. */
type Listening = { dispatch: Dispatch | undefined; readonly self: () => string | undefined };

async function take(
  { dispatch, self }: Listening,
  incoming: Incoming,
  acknowledge: Acknowledge,
): Promise<void> {
  const isOwn = 'user' in incoming && incoming.user === self();
  return isOwn || dispatch === undefined ? acknowledge() : dispatch(incoming, acknowledge);
}

function dispatchTo(
  handlers: Handlers,
  { clock, random, personOf, onError, self }: SlackOptions & Pick<Listening, 'self'>,
  speaking: Omit<ReplyDeps, 'onUnsaid'>,
): Dispatch {
  const onUnsaid = (why: string): void => onError(`an answer was not given: ${why}`, null);
  return createDispatch({
    ...{ handlers, clock, random, personOf, self, replies: createReplies({ ...speaking, onUnsaid }) },
    onError: (correlation, message) => onError(message, correlation),
  });
}

/** Asks again and again while Slack fails, so that what is said of it is not as old as the last message. */
function createProbe(clock: Clock) {
  let cancel: (() => void) | undefined;
  let isStopped = false;
  const probe = {
    ask: async (): Promise<unknown> => undefined,
    follow: (health: SlackHealth): void => {
      cancel?.();
      cancel = undefined;
      if (health.kind === 'failing' && !isStopped) again();
    },
    stop: (): void => {
      isStopped = true;
      cancel?.();
    },
  };
  const again = (): void => {
    cancel = clock.after(PROBE_MS, () => {
      const mine = cancel;
      void probe.ask().finally(() => {
        if (cancel === mine && !isStopped) again();
      });
    });
  };
  return probe;
}

function listenOn(
  client: SocketClient,
  options: SlackOptions & { readonly health: HealthWatch },
  listening: Listening,
): Socket {
  return keepConnected(client, {
    clock: options.clock,
    onAway: () => options.health.deaf(options.clock.now()),
    onBack: () => options.health.deaf(null),
    onLost: (why) => options.onError(`the connection to Slack: ${why}`, null),
    onEvent: ({ body, acknowledge }) => {
      const admitted = admitBody(body, options);
      if (admitted.kind === 'admitted') return void take(listening, admitted.incoming, acknowledge);
      options.onRefused(admitted.reason);
      void acknowledge();
    },
  });
}

/** Resolves as soon as it is acknowledged; what follows from it goes on behind the answer. */
async function answerHttp(admitted: Admitted, listening: Listening): Promise<HttpAnswer> {
  if (admitted.kind === 'refused') return admitted;
  if (admitted.kind === 'challenge') return { kind: 'answered', body: { challenge: admitted.challenge } };
  const answered = Promise.withResolvers<Readonly<Record<string, unknown>> | null>();
  const acknowledge: Acknowledge = async (response) => answered.resolve(response ?? null);
  void take(listening, admitted.incoming, acknowledge).finally(() => answered.resolve(null));
  return { kind: 'answered', body: await answered.promise };
}

/** The library writes what it sends and gets; none of that belongs into our output. */
function silentLogger(level: LogLevel): Logger {
  const nothing = (): void => {};
  return {
    ...{ debug: nothing, info: nothing, warn: nothing, error: nothing },
    ...{ setLevel: nothing, setName: nothing, getLevel: () => level },
  };
}
