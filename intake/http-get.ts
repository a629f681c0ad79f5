import type { Clock } from '#core/clock.ts';
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

/** Never throws; follows no redirect; gives up after `timeoutMs` or `maxBytes`, whatever the other side sends. */
export async function httpGet(request: GetRequest): Promise<GetAnswer> {
  const { url, token, timeoutMs, maxBytes, clock } = request;
  const late = new AbortController();
  const cancel = clock.after(timeoutMs, () => late.abort());
  const signal = request.signal ? AbortSignal.any([request.signal, late.signal]) : late.signal;
  try {
    const headers = { ...request.headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    const response = await fetch(url, { headers, signal, redirect: 'manual' });
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

/** `fetch` says only "fetch failed"; the reason is in its cause. */
function reasonOf(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
}
