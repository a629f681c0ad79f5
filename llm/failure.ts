import { z } from 'zod';
import type { Attempt, AttemptFailure, Tokens } from './provider.ts';

export type Failure = Extract<Attempt, { kind: 'failed' }>;

/** Nothing was sent, so nothing was billed. */
export const NO_TOKENS: Tokens = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0 };

export function failed(reason: AttemptFailure, tokens: Tokens | null = null): Failure {
  return { kind: 'failed', reason, status: null, retryAfterMs: null, tokens };
}

const Text = z.string().nullish().catch(null);
/** What a provider says of an error, in a body or inside a stream. */
export const Said = z.object({ type: Text, code: Text, message: Text });
export type Said = z.infer<typeof Said>;

const Body = z.union([z.object({ error: Said }).transform(({ error }) => error), Said]);
/** Both SDKs throw the same shape for an answer that is not 2xx; `error` is its body or the part that explains it. */
const Refused = z.object({
  status: z.number().int(),
  headers: z.instanceof(Headers),
  error: Body.catch({}),
});

/** A failed exchange as a value, from whatever the SDK threw. Never throws. */
export function failureOf(thrown: unknown, isTimeout: boolean): Failure {
  const refused = Refused.safeParse(thrown);
  if (!refused.success) return networkFailure(thrown, isTimeout);
  const { status, headers, error } = refused.data;
  const reason = reasonOf(status, error);
  return { kind: 'failed', reason, status, retryAfterMs: retryAfterMs(headers), tokens: null };
}

const Coded = z.object({ code: z.string().catch(''), syscall: z.string().catch('') });
const Caused = z.object({ cause: z.unknown() });
const TIMEOUT = /^UND_ERR_(?:HEADERS|BODY|CONNECT)_TIMEOUT$|^ETIMEDOUT$/;
/** No connection, so nothing was sent and nothing can be billed. */
const UNSENT =
  /^(?:ECONNREFUSED|UND_ERR_CONNECT_TIMEOUT|CERT_.*|ERR_TLS_.*|UNABLE_TO_.*|SELF_SIGNED_.*|DEPTH_ZERO_.*)$/;

function networkFailure(thrown: unknown, isTimeout: boolean): Failure {
  let error = thrown;
  for (let depth = 0; depth < 4; depth += 1) {
    const { code, syscall } = Coded.safeParse(error).data ?? { code: '', syscall: '' };
    const isUnsent = UNSENT.test(code) || syscall === 'connect' || syscall === 'getaddrinfo';
    const tokens = isUnsent ? NO_TOKENS : null;
    if (TIMEOUT.test(code)) return failed('timeout', tokens);
    if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return failed('invalid_reply');
    if (isUnsent) return failed('unavailable', tokens);
    error = Caused.safeParse(error).data?.cause;
  }
  return failed(isTimeout ? 'timeout' : 'unavailable');
}

const TOO_LONG =
  /prompt is too long|context.{0,24}(?:length|window|limit)|maximum context|(?:input|request)[^.]{0,24}too (?:long|large)/i;
const NO_MODEL = /model[^.]{0,80}(?:not found|does not exist|not supported)/i;

function reasonOf(status: number, said: Said): AttemptFailure {
  const named = saidReason(said);
  if (status === 401 || status === 403) return 'auth';
  if (status === 408) return 'timeout';
  if (status === 413) return 'too_long';
  // A spent account answers 429 too, and no waiting helps.
  if (status === 429) return said.code === 'insufficient_quota' ? 'rejected' : 'rate_limited';
  if (status === 503 || status === 529) return 'overloaded';
  if (status === 409 || status >= 500) return named === 'overloaded' ? named : 'unavailable';
  if (status === 404) return 'unknown_model';
  return named === 'too_long' || named === 'unknown_model' ? named : 'rejected';
}

/** The reason for an error that came without a status of its own. */
export function saidReason({ type, code, message }: Said): AttemptFailure {
  if (code === 'context_length_exceeded' || TOO_LONG.test(message ?? '')) return 'too_long';
  if (code === 'model_not_found' || NO_MODEL.test(message ?? '')) return 'unknown_model';
  switch (code ?? type) {
    case 'overloaded_error':
      return 'overloaded';
    case 'rate_limit_error':
    case 'rate_limit_exceeded':
      return 'rate_limited';
    case 'timeout_error':
      return 'timeout';
    case 'authentication_error':
    case 'permission_error':
      return 'auth';
    case 'not_found_error':
      return 'unknown_model';
    case 'api_error':
    case 'server_error':
      return 'unavailable';
    default:
      return 'rejected';
  }
}

/** How long to wait, ms: in milliseconds, in seconds, or until a date by the provider's own clock. */
export function retryAfterMs(headers: Headers): number | null {
  const exact = amount(headers.get('retry-after-ms'));
  if (exact !== null) return Math.ceil(exact);
  const after = headers.get('retry-after');
  const seconds = amount(after);
  if (seconds !== null) return Math.ceil(seconds * 1000);
  const wait = Date.parse(after ?? '') - Date.parse(headers.get('date') ?? '');
  return Number.isNaN(wait) ? null : Math.max(0, wait);
}

function amount(text: string | null): number | null {
  return text !== null && /^\d{1,9}(?:\.\d{1,9})?$/.test(text.trim()) ? Number(text) : null;
}
