import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { type Clock, realClock } from './clock.ts';
import { type AnswerLimits, responseOf } from './egress/answer.ts';
import { headersFrom } from './egress/headers.ts';
import { judgingFirst } from './egress/judging-agent.ts';
import { outgoingBody, outgoingHeaders } from './egress/outgoing.ts';
import { pinnedLookup, type Resolve } from './egress/pinned-lookup.ts';
import { tlsRefusal } from './egress/refused.ts';
import { type EgressRule, originOf, placeOf, targetOf } from './egress/rules.ts';

export type EgressOptions = {
  /** Nothing else is spoken to. */
  readonly rules: readonly EgressRule[];
  /** Left out = the names as the system knows them. */
  readonly resolve?: Resolve;
  /** PEM certificates that servers are checked against; left out = those that Node trusts. */
  readonly ca?: string;
  /** Answers that go on for as long as they like, within no size. */
  readonly endless?: boolean;
  /** Largest answer in bytes. Default 8 MiB. */
  readonly maxBytes?: number;
  /** Longest time from the head of an answer to its end, in ms. Default 5 min; callers that need it sooner abort. */
  readonly totalMs?: number;
  readonly clock?: Clock;
};

/** A way out to a few addresses. `fetch` is as the built-in one where it does not refuse. */
export type Egress = { readonly fetch: typeof globalThis.fetch };

const MAX_BYTES = 8 * 1024 * 1024;
const TOTAL_MS = 300_000;
const CONNECT_MS = 10_000;
const HEAD_MS = 120_000;
const IDLE_MS = 30_000;
/** The code of a connection that was not made in time: nothing was sent. */
export const CONNECT_TIMEOUT = 'EGRESS_CONNECT_TIMEOUT';

/**
 * Makes a way out. What is asked for must be named by a rule; names are resolved once per connection, every answer is
 * judged, and the connection goes to what was judged. Certificates are always verified, TLS is 1.2 or later, no redirect
 * is followed, no proxy and no setting of the environment is obeyed, and compressed answers are not asked for.
 * Connections are kept for 30 s and do not keep the process alive. `fetch` throws `EgressRefused` where it refuses, and
 * the error of the connection where that fails.
 */
export function createEgress(options: EgressOptions): Egress {
  const { rules, resolve, clock = realClock, ca, endless = false } = options;
  const limits: AnswerLimits | null = endless
    ? null
    : { maxBytes: options.maxBytes ?? MAX_BYTES, totalMs: options.totalMs ?? TOTAL_MS };
  const kept = { keepAlive: true, timeout: IDLE_MS };
  const http = judgingFirst(new HttpAgent(kept));
  const https = judgingFirst(
    new HttpsAgent({
      ...kept,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ...(ca !== undefined && { ca }),
    }),
  );
  return {
    fetch: async (input, init = {}) => {
      const url = new URL(String(input));
      const target = targetOf(url, rules);
      const lookup = pinnedLookup(target, resolve);
      const body = await outgoingBody(init.body);
      const call: Call = {
        ...{ url, lookup, clock, body: body.bytes, signal: init.signal ?? null },
        method: (init.method ?? 'GET').toUpperCase(),
        headers: outgoingHeaders(headersFrom(init.headers), body.type),
        agent: target.scheme === 'https' ? https : http,
      };
      const answer = await exchange(call).catch((error: unknown) => {
        throw tlsRefusal(placeOf(url), error);
      });
      return responseOf(answer, { place: placeOf(url), limits, clock, method: call.method });
    },
  };
}

/** The `fetch` of a way out to these addresses alone: the scheme, host and port of each. Throws where one is none. */
export function wayTo(...addresses: readonly string[]): Egress['fetch'] {
  return createEgress({ rules: addresses.map(originOf) }).fetch;
}

type Call = {
  readonly url: URL;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | null;
  readonly signal: AbortSignal | null;
  readonly lookup: LookupFunction;
  readonly agent: HttpAgent | HttpsAgent;
  readonly clock: Clock;
};

/** One request and the head of its answer; asked a second time where a kept connection was closed meanwhile. */
async function exchange(call: Call): Promise<IncomingMessage> {
  call.signal?.throwIfAborted();
  const first = await once(call);
  if (first.kind === 'answer') return first.message;
  const mayRepeat = call.method === 'GET' || call.method === 'HEAD';
  if (!first.wasClosed || !mayRepeat || call.signal?.aborted) throw first.error;
  const second = await once(call);
  if (second.kind === 'answer') return second.message;
  throw second.error;
}

type Outcome =
  | { readonly kind: 'answer'; readonly message: IncomingMessage }
  /** `wasClosed`: on a connection that was used before. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly wasClosed: boolean };

function once(call: Call): Promise<Outcome> {
  const { url, method, headers, body, signal, lookup, agent, clock } = call;
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const make = url.protocol === 'https:' ? requestHttps : requestHttp;
  const request = make(url, { method, headers, agent, lookup, ...(signal !== null && { signal }) });
  const end = (outcome: Outcome): void => {
    for (const cancel of timers) cancel();
    signal?.removeEventListener('abort', onAbort);
    resolve(outcome);
  };
  // Destroyed before it has a connection, a request says nothing until it would have had one.
  const giveUp = (error: Error): void => {
    request.destroy(error);
    end({ kind: 'failed', error, wasClosed: false });
  };
  const onAbort = (): void => giveUp(signal?.reason);
  const giveUpAfter = (ms: number, code: string): (() => void) =>
    clock.after(ms, () =>
      giveUp(Object.assign(new Error(`${placeOf(url)} did not answer in time`), { code })),
    );
  const connected = giveUpAfter(CONNECT_MS, CONNECT_TIMEOUT);
  const timers = [connected, giveUpAfter(HEAD_MS, 'ETIMEDOUT')];
  signal?.addEventListener('abort', onAbort, { once: true });
  request.once('socket', (socket) => {
    if (!socket.connecting) return connected();
    socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', connected);
  });
  request.once('response', (message) => end({ kind: 'answer', message }));
  request.on('error', (error: NodeJS.ErrnoException) =>
    end({ kind: 'failed', error, wasClosed: request.reusedSocket && error.code === 'ECONNRESET' }),
  );
  // An answer that wants to go on as something else ends the request without a word.
  request.once('close', () =>
    end({ kind: 'failed', error: new Error(`${placeOf(url)} gave no answer`), wasClosed: false }),
  );
  request.end(body ?? undefined);
  return promise;
}
