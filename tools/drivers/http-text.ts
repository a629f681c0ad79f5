import type { Clock } from '#core/clock.ts';
import { headersFrom, withHeader } from '#core/egress/headers.ts';
import { type EgressReason, egressRefusalIn } from '#core/egress/refused.ts';
import { CONNECT_TIMEOUT } from '#core/egress.ts';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { clip, inert } from '#core/inert.ts';
import { redact } from '#core/redact.ts';
import type { Gap, GapReason } from './ports.ts';

/** Larger answers are not read to the end. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

export type HttpAsk = {
  readonly url: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: object;
  readonly token?: (() => string) | undefined;
  /** The whole header where it is no bearer token. */
  readonly authorization?: () => string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** The way out to where this goes, and to nowhere else. */
  readonly send: Send;
};
export type Send = (
  url: string,
  request: SentRequest,
) => Promise<{
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: ReadableStream<Uint8Array> | null;
}>;
export type SentRequest = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  redirect: 'error';
  headers: Record<string, string>;
  signal: AbortSignal;
  body?: string;
};
/** `retryAfterMs`: the other side says when to ask again. */
export type HttpAnswer = { kind: 'answer'; status: number; text: string; retryAfterMs?: number };
/** `sent: false` means that for certain nothing reached the other side. */
export type NoAnswer = { kind: 'no_answer'; reason: GapReason; sent: boolean; detail: string };

/** What is refused before it leaves is no failure of the other side. */
const REASONS: Readonly<Record<EgressReason, GapReason>> = {
  host_not_allowed: 'refused',
  address_forbidden: 'refused',
  scheme: 'refused',
  redirect: 'bad_answer',
  too_large: 'too_large',
  tls: 'unreachable',
};

/** The connection was never made, so the request cannot have been read by anyone. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  CONNECT_TIMEOUT,
  'ERR_INVALID_URL',
]);

/**
 * One HTTP call without redirects, ended by its own timeout or by `signal`, with a limit on the answer's size. Any status
 * is an answer; never throws. The text of the answer is foreign.
 */
export async function askHttp(
  ask: HttpAsk,
  clock: Clock,
  signal: AbortSignal,
): Promise<HttpAnswer | NoAnswer> {
  if (signal.aborted)
    return { kind: 'no_answer', reason: 'timeout', sent: false, detail: 'stopped before it was sent' };
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  signal.addEventListener('abort', onAbort, { once: true });
  const cancel = clock.after(ask.timeoutMs, onAbort);
  try {
    const response = await ask.send(ask.url, requestOf(ask, stop.signal));
    const text = await textWithin(response);
    const seconds = Number(response.headers.get('retry-after') ?? '');
    const { status } = response;
    if (text !== undefined)
      return { kind: 'answer', status, text, ...(seconds > 0 && { retryAfterMs: seconds * 1000 }) };
    return {
      kind: 'no_answer',
      reason: 'too_large',
      sent: true,
      detail: `more than ${MAX_ANSWER_BYTES} bytes`,
    };
  } catch (error) {
    if (!stop.signal.aborted) return failureOf(error);
    const detail = signal.aborted ? 'stopped while waiting' : `no answer within ${ask.timeoutMs} ms`;
    return { kind: 'no_answer', reason: 'timeout', sent: true, detail };
  } finally {
    cancel();
    signal.removeEventListener('abort', onAbort);
  }
}

/** The same as a gap. */
export function gapOf(failure: NoAnswer): Gap {
  return { kind: 'gap', reason: failure.reason, detail: failure.detail };
}

/** What a status that was not hoped for means for a read. */
export function gapOfStatus(answer: HttpAnswer): Gap {
  const refused = answer.status === 401 || answer.status === 403;
  const detail = `HTTP ${answer.status} ${shortForeign(answer.text)}`.trim();
  return { kind: 'gap', reason: refused ? 'refused' : 'bad_answer', detail };
}

/** More than that is not looked at for a detail of one line. */
const LONGEST_LOOK = 8_000;

/** Foreign text for a one-line detail. A word that the cut goes through is left out: half a secret is not known as one. */
export function shortForeign(text: string): string {
  const begin = text.slice(0, LONGEST_LOOK);
  const ends = [' ', '\n', ',', '"'].map((mark) => begin.lastIndexOf(mark));
  const whole = begin.length < text.length ? begin.slice(0, Math.max(...ends, 0)) : begin;
  return clip(inert(redact(whole)), 160);
}

function requestOf(ask: HttpAsk, signal: AbortSignal): SentRequest {
  const authorization = ask.authorization?.() ?? (ask.token && `Bearer ${ask.token()}`);
  const headers =
    authorization === undefined
      ? headersFrom(ask.headers)
      : withHeader(ask.headers, 'authorization', authorization);
  if (ask.body && !headers.has('content-type')) headers.set('content-type', 'application/json');
  return {
    method: ask.method ?? 'GET',
    redirect: 'error',
    headers: Object.fromEntries(headers),
    signal,
    ...(ask.body ? { body: JSON.stringify(ask.body) } : {}),
  };
}

async function textWithin(response: Awaited<ReturnType<Send>>): Promise<string | undefined> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let text = '';
  let bytes = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    bytes += part.value.byteLength;
    if (bytes > MAX_ANSWER_BYTES) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(part.value, { stream: true });
  }
  return text + decoder.decode();
}

function failureOf(error: unknown): NoAnswer {
  if (error instanceof FirebreakError && error.code === 'secret_unusable')
    return { kind: 'no_answer', reason: 'not_configured', sent: false, detail: error.message };
  const refusal = egressRefusalIn(error);
  if (refusal !== undefined) {
    const { reason, sent, message } = refusal;
    return { kind: 'no_answer', reason: REASONS[reason], sent, detail: shortForeign(message) };
  }
  const codes = codesOf(error);
  const sent = codes.length === 0 || !codes.every((code) => NEVER_SENT.has(code));
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const detail = shortForeign(codes[0] ?? messageOf(cause));
  return { kind: 'no_answer', reason: 'unreachable', sent, detail };
}

/** Codes of the error, of what caused it, and of each address that was tried. */
function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  if (error instanceof AggregateError) return error.errors.flatMap(codesOf);
  if (error.cause !== undefined) return codesOf(error.cause);
  return 'code' in error && typeof error.code === 'string' ? [error.code] : [];
}
