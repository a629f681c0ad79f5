import type { Clock } from '#core/clock.ts';
import { wayTo } from '#core/egress.ts';
import { messageOf } from '#core/errors.ts';

export type GetAnswer =
  /** `retryAfterMs`: the other side says when to ask again. */
  | { kind: 'answer'; status: number; text: string; retryAfterMs?: number }
  | { kind: 'failed'; detail: string };
export type GetRequest = {
  readonly url: string;
  /** Sent as a bearer token. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
};
/** Fetches a text from an address of the config. */
export type HttpGet = (request: GetRequest) => Promise<GetAnswer>;

/**
 * A way to fetch texts from these addresses of the config: the scheme, host and port of each, and nothing else. Never
 * throws once it is made; follows no redirect; gives up after `timeoutMs` or `maxBytes`, whatever the other side sends.
 */
export function createHttpGet(...addresses: readonly string[]): HttpGet {
  const send = wayTo(...addresses);
  return (request) => get(send, request);
}

async function get(send: typeof globalThis.fetch, request: GetRequest): Promise<GetAnswer> {
  const { url, token, timeoutMs, maxBytes, clock } = request;
  const late = new AbortController();
  const cancel = clock.after(timeoutMs, () => late.abort());
  const signal = request.signal ? AbortSignal.any([request.signal, late.signal]) : late.signal;
  try {
    const headers = { ...request.headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    const response = await send(url, { headers, signal });
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength;
      if (size > maxBytes) return { kind: 'failed', detail: `the answer is larger than ${maxBytes} bytes` };
      chunks.push(chunk);
    }
    const text = Buffer.concat(chunks).toString('utf8');
    const seconds = Number(response.headers.get('retry-after') ?? '');
    return {
      kind: 'answer',
      status: response.status,
      text,
      ...(seconds > 0 && { retryAfterMs: seconds * 1000 }),
    };
  } catch (error) {
    return {
      kind: 'failed',
      detail: late.signal.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error),
    };
  } finally {
    cancel();
  }
}

/** Where a name has several addresses, the error of each is in one that says nothing itself. */
function reasonOf(error: unknown): string {
  return messageOf(error instanceof AggregateError ? error.errors[0] : error);
}
