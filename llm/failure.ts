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
/** Our own key cannot be used now, so nothing was sent. */
const KEYLESS = /^(?:secret_unusable|config_invalid)$/;
/** No connection, so nothing was sent and nothing can be billed. */
const UNSENT =
  /^(?:ECONNREFUSED|UND_ERR_CONNECT_TIMEOUT|CERT_.*|ERR_TLS_.*|UNABLE_TO_.*|SELF_SIGNED_.*|DEPTH_ZERO_.*)$/;

function networkFailure(thrown: unknown, isTimeout: boolean): Failure {
  let error = thrown;
  for (let depth = 0; depth < 4; depth += 1) {
    const { code, syscall } = Coded.safeParse(error).data ?? { code: '', syscall: '' };
    const isUnsent = UNSENT.test(code) || syscall === 'connect' || syscall === 'getaddrinfo';
    const tokens = isUnsent ? NO_TOKENS : null;
    if (KEYLESS.test(code)) return failed('auth', NO_TOKENS);
    if (TIMEOUT.test(code)) return failed('timeout', tokens);
    if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return failed('invalid_reply');
    if (isUnsent) return failed('unavailable', tokens);
    error = Caused.safeParse(error).data?.cause;
  }
  return failed(isTimeout ? 'timeout' : 'unavailable');
}

const TOO_LONG =
  /prompt is too long|context.{0,24}(?:length|window|limit)|maximum context|(?:input|request)(?:(?!took)[^.]){0,24}too (?:long|large)/i;
const NO_MODEL = /model[^.]{0,80}(?:not found|does not exist|not supported)/i;

function reasonOf(status: number, said: Said): AttemptFailure {
  const named = saidReason(said, status < 500);
  if (status === 401 || status === 403) return 'auth';
  if (status === 408) return 'timeout';
  if (status === 413) return 'too_long';
  // A spent account answers 429 too, and no waiting helps.
  if (status === 429) return said.code === 'insufficient_quota' ? 'rejected' : 'rate_limited';
  if (status === 503 || status === 529) return 'overloaded';
  if (status === 409 || status >= 500) return named === 'overloaded' ? named : 'unavailable';
  // A wrong address answers 404 as well, whatever it is asked for.
  if (status === 404) return isAboutModel(said) ? 'unknown_model' : 'rejected';
  return named === 'too_long' || named === 'unknown_model' ? named : 'rejected';
}

function isAboutModel({ code, message }: Said): boolean {
  return code === 'model_not_found' || /\bmodel/i.test(message ?? '');
}

/** What the vendors name, whatever the text beside it says. */
const NAMED: ReadonlyMap<string, AttemptFailure> = new Map([
  ['context_length_exceeded', 'too_long'],
  ['model_not_found', 'unknown_model'],
  ['not_found_error', 'unknown_model'],
  ['overloaded_error', 'overloaded'],
  ['rate_limit_error', 'rate_limited'],
  ['rate_limit_exceeded', 'rate_limited'],
  ['timeout_error', 'timeout'],
  ['authentication_error', 'auth'],
  ['permission_error', 'auth'],
  ['api_error', 'unavailable'],
  ['server_error', 'unavailable'],
]);

/** The reason for an error that came without a status of its own. Its text counts only where the request is blamed. */
export function saidReason({ type, code, message }: Said, isRefused = false): AttemptFailure {
  const named = NAMED.get(code ?? '') ?? NAMED.get(type ?? '');
  if (named !== undefined) return named;
  if (!isRefused && type !== 'invalid_request_error') return 'rejected';
  if (TOO_LONG.test(message ?? '')) return 'too_long';
  return NO_MODEL.test(message ?? '') ? 'unknown_model' : 'rejected';
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
