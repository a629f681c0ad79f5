import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, realClock } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import { anthropic } from './anthropic.ts';
import type { Brain, Dialect, Outgoing, Received, Refused, Said } from './asked.ts';
import { type Bill, createPromptCache, outputTokens, promptTokens, tokensOf } from './books.ts';
import { chat } from './chat.ts';
import { broken, deliver, wholeOf } from './deliver.ts';
import { createFaults, type Fault, type FaultPlan, refusalOf, spoil } from './faults.ts';
import { responses } from './responses.ts';

const dialects: readonly Dialect[] = [anthropic, responses, chat];

/** A request as it came in, for those who look for what must not be in it. */
export type Seen = {
  readonly api: Dialect['name'] | null;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
  readonly fault: Fault['kind'] | null;
  status: number;
};

export type FakeProvider = {
  /** `http://127.0.0.1:PORT`; OpenAI's SDK wants it with `/v1` behind. */
  readonly url: string;
  billed(): readonly Bill[];
  seen(): readonly Seen[];
  /** What went wrong here that no fault explains: a brain that threw. */
  errors(): readonly string[];
  /** Requests that are not answered yet. */
  inFlight(): number;
  close(): Promise<void>;
};
export type FakeProviderOptions = {
  readonly seed: number;
  readonly brain: Brain;
  readonly faults?: FaultPlan;
  /** Any other key is refused. */
  readonly key?: string;
  /** Any other model is refused; left out = every name is a model. */
  readonly models?: readonly string[];
  readonly contextTokens?: number;
  /** Of slow replies. */
  readonly clock?: Clock;
  readonly port?: number;
};

type State = Required<Omit<FakeProviderOptions, 'models' | 'key' | 'faults'>> &
  Pick<FakeProviderOptions, 'models' | 'key'> & {
    readonly plan: FaultPlan;
    readonly draw: ReturnType<typeof createFaults>;
    readonly cache: ReturnType<typeof createPromptCache>;
    readonly bills: Bill[];
    readonly seen: Seen[];
    readonly errors: string[];
    /** How often a plan that counts has struck. */
    readonly used: Map<FaultPlan, number>;
    inFlight: number;
  };

/**
 * Two vendors' APIs on loopback: Anthropic Messages, OpenAI Responses and Chat Completions, whole and streamed. It refuses
 * what they refuse, counts tokens by one fixed rule, keeps its own books, and fails as planned. A reply that breaks before
 * its last usage was told is billed by what was sent, whatever count stood at its beginning.
 */
export async function startFakeProvider(options: FakeProviderOptions): Promise<FakeProvider> {
  const state: State = {
    ...{ clock: realClock, contextTokens: 200_000, port: 0, ...options },
    plan: options.faults ?? { kind: 'none' },
    draw: createFaults(options.seed),
    cache: createPromptCache(),
    ...{ bills: [], seen: [], errors: [], used: new Map(), inFlight: 0 },
  };
  const server = createServer((request, response) => {
    state.inFlight += 1;
    response.once('close', () => {
      state.inFlight -= 1;
    });
    handle(state, request, response).catch((error: unknown) => {
      state.errors.push(messageOf(error));
      response.destroy();
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(state.port, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    billed: () => state.bills,
    seen: () => state.seen,
    errors: () => state.errors,
    inFlight: () => state.inFlight,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const dialect = request.method === 'POST' ? dialects.find(({ path }) => path === request.url) : undefined;
  const body = await readAll(request);
  const fault = dialect === undefined ? null : state.draw(state.plan, state.seen.length);
  const seen: Seen = {
    api: dialect?.name ?? null,
    body,
    headers: request.headers,
    fault: fault?.kind ?? null,
    status: 404,
  };
  const nth = state.seen.push(seen);
  if (dialect === undefined) return send(response, 404, JSON.stringify({ error: { message: 'not found' } }));
  const received = understand(state, dialect, { body, headers: request.headers, fault });
  if ('kind' in received) {
    seen.status = received.status;
    return send(response, received.status, JSON.stringify(dialect.error(received)), headersOf(fault));
  }
  seen.status = 200;
  await answer({ state, dialect, fault, response, nth }, received);
}

async function readAll(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString('utf8');
}

type Raw = { body: string; headers: IncomingMessage['headers']; fault: Fault | null };

/** In the vendors' order: the key, trouble of their own, the shape, the model, the length. */
function understand(state: State, dialect: Dialect, { body, headers, fault }: Raw): Received | Refused {
  const api = dialect.name === 'anthropic' ? 'anthropic' : 'openai';
  const refuse = (kind: 'auth' | 'unknown_model' | 'too_long'): Refused | null => refusalOf({ kind }, api);
  const key = dialect.key(headers);
  const wrongKey = key === undefined || (state.key !== undefined && key !== state.key);
  const early = wrongKey ? refuse('auth') : fault === null ? null : refusalOf(fault, api);
  if (early !== null) return early;
  const received = dialect.read(json(body), headers);
  if ('kind' in received) return received;
  const unknown = state.models !== undefined && !state.models.includes(received.asked.model);
  const late = unknown
    ? refuse('unknown_model')
    : promptTokens(received) > state.contextTokens
      ? refuse('too_long')
      : null;
  return late ?? received;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function headersOf(fault: Fault | null): Record<string, string> {
  if (fault?.kind !== 'rate_limited') return {};
  const { header, retryAfterMs } = fault;
  return { [header]: String(header === 'retry-after' ? Math.ceil(retryAfterMs / 1000) : retryAfterMs) };
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_fake', ...headers })
    .end(body);
}

type Exchange = {
  state: State;
  dialect: Dialect;
  fault: Fault | null;
  response: ServerResponse;
  nth: number;
};

async function answer(exchange: Exchange, received: Received): Promise<void> {
  const { state, dialect, fault, response, nth } = exchange;
  const { asked } = received;
  const answered = await say(exchange, received);
  const said = limited(spoil(answered, fault ?? spoiltCall(state, answered), asked), received.maxOutput);
  const prompt = state.cache.count(asked.model, received, dialect.cache);
  const tokens = { ...prompt, output: outputTokens(said) };
  const bill = (sent: string, told: Bill['told']): void => {
    const billed = told ?? { ...prompt, output: tokensOf(sent) };
    state.bills.push({ request: nth, api: dialect.name, model: asked.model, tokens: billed, told });
  };
  if (fault?.kind === 'wrong_type')
    return send(response, 200, '<html>gateway</html>', { 'content-type': 'text/html' });
  if (fault?.kind === 'slow_start') await state.clock.sleep(fault.ms);
  const out: Outgoing = {
    id: `${state.seed}_${nth}`,
    model: asked.model,
    said,
    tokens,
    tellUsage: received.tellUsage,
  };
  const type = received.stream ? 'text/event-stream' : 'application/json';
  const frames = broken(received.stream ? dialect.frames(out) : wholeOf(dialect.whole(out), out), fault);
  await deliver({ clock: state.clock, fault, response }, { frames, type }, bill);
}

async function say({ state, dialect, nth }: Exchange, { asked }: Received): Promise<Said> {
  const { text = '', calls = [] } = await state.brain(asked);
  return {
    text,
    calls: calls.map(({ tool, args }, at) => ({
      id: dialect.callId(`${state.seed}_${nth}`, at + 1),
      tool,
      args: JSON.stringify(args),
    })),
    stop: calls.length > 0 ? 'tool_use' : 'end',
  };
}

/** The fault of a plan that waits for a tool, used up once more. */
function spoiltCall({ plan, used }: State, { calls }: Said): Fault | null {
  if (plan.kind !== 'calling' || !calls.some(({ tool }) => tool === plan.tool)) return null;
  const before = used.get(plan) ?? 0;
  used.set(plan, before + 1);
  return before < plan.times ? plan.fault : null;
}

/** The vendors stop in the middle when the answer gets longer than was asked for; a call that is cut is none. */
function limited(said: Said, maxOutput: number | null): Said {
  if (maxOutput === null || outputTokens(said) <= maxOutput) return said;
  return { text: said.text.slice(0, maxOutput * 4), calls: [], stop: 'length' };
}
