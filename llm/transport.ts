import { Pool } from 'undici';
import { headersFrom } from '#core/egress/headers.ts';
import { pinnedLookup } from '#core/egress/pinned-lookup.ts';
import { tlsRefusal } from '#core/egress/refused.ts';
import { isThisMachine, originOf, placeOf, targetOf } from '#core/egress/rules.ts';
import { FirebreakError } from '#core/errors.ts';

/** How requests reach a provider: `fetch` for the vendors' SDKs. `close` waits for what is under way. */
export type Transport = { readonly fetch: typeof globalThis.fetch; close(): Promise<void> };

export type TransportOptions = {
  /** Addresses of the providers; nothing is sent to another scheme, host or port. */
  readonly to: readonly string[];
  /** Requests at once per server; more wait. */
  readonly connections?: number;
  /** Longest silence inside an answer, ms; a second coarse. */
  readonly idleMs?: number;
};

const MAX_REPLY_BYTES = 8 * 1024 * 1024;
const KEEP_ALIVE_MS = 30_000;
const CONNECT_MS = 10_000;
const FIRST_BYTE_MS = 600_000;

/** Nothing else is sent: the SDKs add a dozen headers about this machine, and take more from the environment. */
const SENT = ['authorization', 'accept', 'content-type', 'user-agent', 'anthropic-version'] as const;
/** What a failure is read from. */
const KEPT = ['content-type', 'date', 'retry-after', 'retry-after-ms'] as const;

/**
 * A `fetch` over one keep-alive connection pool per server, without the cost of the built-in one. Follows no redirect,
 * verifies certificates, judges the addresses of a name before it connects to them, refuses an answer over 8 MiB, obeys
 * the signal. Sends only to https and to this machine. Throws `EgressRefused` where it refuses. Must be closed.
 */
export function createTransport({ to, connections = 512, idleMs = 120_000 }: TransportOptions): Transport {
  const pools = new Map<string, Pool>();
  const rules = to.map(originOf);
  const poolOf = (url: URL): Pool => {
    const { origin } = url;
    const known = pools.get(origin);
    if (known !== undefined) return known;
    const lookup = pinnedLookup(targetOf(url, rules));
    const pool = new Pool(origin, {
      connections,
      bodyTimeout: idleMs,
      headersTimeout: FIRST_BYTE_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxResponseSize: MAX_REPLY_BYTES,
      connect: { timeout: CONNECT_MS, rejectUnauthorized: true, minVersion: 'TLSv1.2', lookup },
    });
    pools.set(origin, pool);
    return pool;
  };
  return {
    fetch: async (input, init = {}) => {
      const url = checkedUrl(String(input));
      const { method = 'GET', body, signal } = init;
      if (body !== undefined && !(body instanceof Uint8Array)) throw notBytes();
      const request = {
        path: url.pathname,
        method: method === 'POST' ? 'POST' : 'GET',
        headers: sentHeaders(headersFrom(init.headers)),
        body: body ?? null,
        signal: signal ?? null,
      } as const;
      const answer = await poolOf(url)
        .request(request)
        .catch((error: unknown) => {
          throw tlsRefusal(placeOf(url), error);
        });
      return new PooledResponse(answer.body, answer.statusCode, keptHeaders(answer.headers));
    },
    close: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}

/**
 * The address of a provider: https, or http on this machine; no user, query or fragment. Throws `config_invalid`
 * without repeating the address, which may hold a password.
 */
export function checkedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isSafe =
    url?.protocol === 'https:' ||
    (url?.protocol === 'http:' && isThisMachine(url.hostname.replace(/^\[|\]$/g, '')));
  if (url === null || !isSafe || url.username + url.password + url.search + url.hash !== '') {
    throw new FirebreakError(
      'config_invalid',
      'the address of a model provider must be https, or http on this machine, without user, query or fragment',
    );
  }
  return url;
}

/** The pieces of an answer's body as they arrive. */
export function chunksOf(response: Response): AsyncIterable<Uint8Array> {
  if (response instanceof PooledResponse) return response.chunks;
  return response.body ?? nothing();
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

type Answer = AsyncIterable<Uint8Array> & { text(): Promise<string> };

/** A response whose body is read by `text()` or by `chunksOf`; the web stream that the built-in one makes is not made. */
class PooledResponse extends Response {
  readonly chunks: AsyncIterable<Uint8Array>;
  override readonly text: () => Promise<string>;
  constructor(answer: Answer, status: number, headers: Record<string, string>) {
    super(null, { status, headers });
    this.chunks = answer;
    this.text = () => answer.text();
  }
}

function sentHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries(SENT.flatMap((name) => pair(name, headers.get(name))));
}

function keptHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  return Object.fromEntries(KEPT.flatMap((name) => pair(name, headers[name])));
}

function pair(name: string, value: string | string[] | null | undefined): [string, string][] {
  return typeof value === 'string' ? [[name, value]] : [];
}

function notBytes(): FirebreakError {
  return new FirebreakError('bug', 'a request to a model provider was not made of bytes');
}
