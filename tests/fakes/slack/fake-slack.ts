import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, realClock } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import { createFaults, type FakeFault, type FakeFaults } from './faults.ts';
import { deliverOverHttp, type HttpTarget } from './http-out.ts';
import { type Args, type MethodContext, methods, type Reply } from './methods.ts';
import { createPeople, eventOf, type FakePeople } from './people.ts';
import { createSocket, type Delivered, type Envelope, type FakeSocket } from './socket.ts';
import {
  createNumbers,
  createWorkspace,
  type FakeWorkspace,
  messageAt,
  type WorkspaceOptions,
} from './state.ts';

export type FakeSlackOptions = WorkspaceOptions & {
  readonly clock?: Clock;
  readonly port?: number;
  readonly botToken?: string;
  readonly appToken?: string;
};

export type FakeSlack = {
  /** Of the web API, with the slash at its end that clients want. */
  readonly apiUrl: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly workspace: FakeWorkspace;
  readonly people: FakePeople;
  readonly faults: FakeFaults;
  readonly socket: Pick<FakeSocket, 'connections' | 'refresh' | 'cut'>;
  /** From now on events, clicks and commands are posted there instead of going over the socket. */
  deliverOverHttp(target: HttpTarget): void;
  /** Sends what Slack itself would not: for tests of what the app must not believe. */
  deliver(envelope: Envelope): Promise<Delivered>;
  /** What went wrong here that no fault explains. */
  errors(): readonly string[];
  close(): Promise<void>;
};

type State = Omit<MethodContext, 'url' | 'onPosted'> & {
  readonly tokens: { readonly bot: string; readonly app: string };
  readonly faults: ReturnType<typeof createFaults>;
  readonly errors: string[];
  host: string;
  onPosted: (ts: string) => void;
  openLink: () => string;
};

/**
 * One workspace of Slack on loopback: the parts of its web API that a bot needs, file upload, Socket Mode, and the
 * people in it. It refuses what Slack refuses, keeps a journal of every call, and fails as told. Its state can be read.
 */
export async function startFakeSlack(options: FakeSlackOptions): Promise<FakeSlack> {
  const { clock = realClock, botToken = 'xoxb-fake-bot', appToken = 'xapp-fake-app' } = options;
  const workspace = createWorkspace(options);
  const state: State = {
    ...{ workspace, clock, numbers: createNumbers(clock), uploads: new Map(), triggers: new Map() },
    ...{ tokens: { bot: botToken, app: appToken }, errors: [], host: '' },
    ...{ faults: createFaults(() => socket.cut()), onPosted: () => {}, openLink: () => '' },
  };
  const server = createServer((request, response) => {
    handle(state, request, response).catch((error: unknown) => {
      state.errors.push(messageOf(error));
      response.destroy();
    });
  });
  const socket = createSocket(server, state);
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  state.host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  state.openLink = () => socket.open(state.host);
  let http: HttpTarget | undefined;
  const deliver = async (envelope: Envelope): Promise<Delivered> => {
    if (state.faults.down) return { kind: 'not_acknowledged', why: 'Slack is down' };
    return http === undefined ? socket.deliver(envelope) : deliverOverHttp(envelope, http, clock);
  };
  state.onPosted = (ts) => void deliver(ownEvent(state, ts));
  return {
    apiUrl: `http://${state.host}/api/`,
    ...{ botToken, appToken, workspace, faults: state.faults, socket, deliver },
    people: createPeople({ ...state, deliver }),
    deliverOverHttp: (target) => {
      http = target;
    },
    errors: () => state.errors,
    close: async () => {
      socket.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Slack tells an app of its own messages too. */
function ownEvent(state: State, ts: string): Envelope {
  const { workspace } = state;
  const message = workspace.messages.find((one) => one.ts === ts);
  const { channel = '', thread = null, text = '' } = message ?? {};
  const event = { type: 'message', channel, text, ts, channel_type: 'channel', bot_id: workspace.bot.id };
  const place = thread === null ? {} : { thread_ts: thread };
  return eventOf(state, { ...event, ...place, user: workspace.bot.user });
}

async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const raw = Buffer.concat(await Array.fromAsync(request));
  const path = new URL(request.url ?? '/', 'http://fake').pathname;
  if (path.startsWith('/upload/')) return upload(state, { path, raw }, response);
  const method = path.slice('/api/'.length);
  const args = argsOf(raw);
  const fault = state.faults.next(method);
  if (fault !== undefined && fault.kind !== 'answer_lost')
    return fail(state, { method, args, fault }, response);
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const answer = answerTo(state, { method, args, token });
  note(state, { method, args, status: 200, error: typeof answer.error === 'string' ? answer.error : null });
  if (fault?.kind === 'answer_lost') response.destroy();
  else send(response, 200, answer);
}

type Call = { readonly method: string; readonly args: Args };

function answerTo(state: State, { method, args, token }: Call & { token: string }): Reply {
  const no = (error: string, why?: string): Reply => ({
    ...{ ok: false, error },
    ...(why === undefined ? {} : { response_metadata: { messages: [`[ERROR] ${why}`] } }),
  });
  if (token === '') return no('not_authed');
  if (method === 'apps.connections.open')
    return token === state.tokens.app ? { ok: true, url: state.openLink() } : no('invalid_auth');
  if (token !== state.tokens.bot)
    return no(token === state.tokens.app ? 'not_allowed_token_type' : 'invalid_auth');
  const perform = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (perform === undefined) return no('unknown_method');
  const url = (): string => `http://${state.host}`;
  const reply = perform(args, { ...state, url });
  return isRefusal(reply) ? no(reply.refused, reply.why) : { ok: true, ...reply };
}

function isRefusal(reply: ReturnType<NonNullable<(typeof methods)[string]>>): reply is {
  refused: string;
  why?: string;
} {
  return typeof reply.refused === 'string';
}

function fail(
  state: State,
  { method, args, fault }: Call & { fault: Exclude<FakeFault, { kind: 'answer_lost' }> },
  response: ServerResponse,
): void {
  const about = { method, args };
  switch (fault.kind) {
    case 'error':
      note(state, { ...about, status: 200, error: fault.error });
      return send(response, 200, { ok: false, error: fault.error });
    case 'rate_limited':
      note(state, { ...about, status: 429, error: 'ratelimited' });
      response.setHeader('retry-after', String(fault.retryAfter));
      return send(response, 429, { ok: false, error: 'ratelimited' });
    case 'status':
      note(state, { ...about, status: fault.status, error: 'status' });
      return send(response, fault.status, {});
    case 'cut':
      note(state, { ...about, status: 0, error: 'cut' });
      response.destroy();
      return;
    case 'silence':
      note(state, { ...about, status: 0, error: 'silence' });
  }
}

function upload(
  { uploads }: State,
  { path, raw }: { path: string; raw: Buffer },
  response: ServerResponse,
): void {
  const id = path.slice('/upload/'.length);
  const known = uploads.get(id);
  if (known === undefined || raw.byteLength === 0) return send(response, 404, { ok: false });
  uploads.set(id, { ...known, bytes: raw });
  send(response, 200, { ok: true });
}

function note(state: State, call: Call & { status: number; error: string | null }): void {
  state.workspace.calls.push({ at: state.clock.now(), ...call });
}

function argsOf(raw: Buffer): Args {
  return Object.fromEntries(new URLSearchParams(raw.toString('utf8')));
}

function send(response: ServerResponse, status: number, body: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** The message that stands at a place now, for whoever looks. Throws when there is none. */
export function seenAt(fake: FakeSlack, channel: string, ts: string) {
  const message = messageAt(fake.workspace, channel, ts);
  if (message === undefined) throw new Error(`there is no message ${ts} in ${channel}`);
  return message;
}
