import type { webApi } from '@slack/bolt';
import { z } from 'zod';
import { type Clean, cleanMembers } from '#core/clean.ts';
import type { Clock } from '#core/clock.ts';
import { egressRefusalIn } from '#core/egress/refused.ts';
import { redact } from '#core/redact.ts';
import type { HealthWatch } from './health.ts';

/** Why a call to Slack did not do what was asked. Closed list. */
export type WebRefusal =
  /** Slack says no, and will say so again. */
  | { readonly kind: 'no'; readonly error: string }
  /** Slack has had enough of us for longer than we wait. */
  | { readonly kind: 'too_busy' }
  /** It was not done. */
  | { readonly kind: 'unreachable'; readonly why: string }
  /** It may have been done: the answer was lost. */
  | { readonly kind: 'unknown'; readonly why: string };
export type WebAnswer<T> = { readonly kind: 'ok'; readonly value: T } | WebRefusal;

export type Web = {
  /**
   * Calls a method and reads its answer. Waits as long as Slack asks for, and tries again where nothing was done, or
   * where doing it twice does no harm (`repeatable`); gives up after 25 s, after `patienceMs` or when `signal` aborts. Does not throw.
   */
  call<T>(call: WebCall<T>, signal?: AbortSignal): Promise<WebAnswer<T>>;
};
export type WebCall<T> = {
  readonly method: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly answer: z.ZodType<T>;
  readonly repeatable: boolean;
  /** It is given up sooner than other calls. */
  readonly patienceMs?: number;
};

export type WebDeps = {
  readonly client: Pick<webApi.WebClient, 'apiCall'>;
  readonly clock: Clock;
  readonly health: HealthWatch;
  /** Takes secrets out of all that is said; left out = those of known formats. */
  readonly clean?: Clean;
};

const PATIENCE_MS = 25_000;
/** Pauses after the first, second and third failure that may pass. */
const PAUSES_MS = [500, 2_000, 5_000];

/** Errors by which Slack says that it is its own fault and that nothing was done. */
const PASSING: ReadonlySet<string> = new Set(['ratelimited', 'service_unavailable', 'team_added_to_org']);
const UNSURE: ReadonlySet<string> = new Set(['internal_error', 'fatal_error', 'request_timeout']);
/** Errors that concern everything we say. */
const LOCKED_OUT: ReadonlySet<string> = new Set([
  ...[
    'invalid_auth',
    'not_authed',
    'account_inactive',
    'token_revoked',
    'token_expired',
    'org_login_required',
  ],
]);

const Thrown = z.union([
  z.looseObject({
    code: z.literal('slack_webapi_platform_error'),
    data: z.looseObject({ error: z.string() }),
  }),
  z.looseObject({ code: z.literal('slack_webapi_rate_limited_error'), retryAfter: z.number() }),
  z.looseObject({ code: z.literal('slack_webapi_http_error'), statusCode: z.number() }),
  z.looseObject({ code: z.literal('slack_webapi_request_error') }),
]);
/** Network errors after which nothing can have arrived. */
const NOT_SENT =
  /secret_unusable|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EGRESS_CONNECT_TIMEOUT/;

type Failure = WebRefusal & { readonly waitMs?: number };

/** Calls of the web API with one place for waiting, trying again and knowing what is unknown. */
export function createWeb({ client, clock, health, clean = redact }: WebDeps): Web {
  async function once<T>({ method, args, answer }: WebCall<T>): Promise<WebAnswer<T> & { waitMs?: number }> {
    try {
      const read = answer.safeParse(await client.apiCall(method, cleanMembers(args, clean)));
      health.worked();
      return read.success
        ? { kind: 'ok', value: read.data }
        : { kind: 'unknown', why: 'an answer that cannot be read' };
    } catch (error) {
      const failure = failureOf(error);
      note(failure);
      return failure;
    }
  }
  /** Being told to wait is an answer; only giving up over it is a failure. */
  function note(failure: Failure): void {
    if (failure.kind === 'too_busy') return;
    if (failure.kind !== 'no') return health.failed(clock.now(), failure.why);
    if (!LOCKED_OUT.has(failure.error)) return health.worked();
    health.failed(clock.now(), failure.error, true);
  }
  return {
    call: async (call, signal) => {
      const started = clock.mono();
      for (let failures = 0; ; failures += 1) {
        const { waitMs, ...answer } = await once(call);
        const passes =
          answer.kind === 'too_busy' ||
          answer.kind === 'unreachable' ||
          (answer.kind === 'unknown' && call.repeatable);
        const pause = waitMs ?? PAUSES_MS[failures];
        if (
          !passes ||
          pause === undefined ||
          clock.mono() - started + pause > (call.patienceMs ?? PATIENCE_MS)
        ) {
          if (answer.kind === 'too_busy' && call.patienceMs === undefined)
            health.failed(clock.now(), 'too many calls');
          return answer;
        }
        try {
          await clock.sleep(pause, signal);
        } catch {
          return answer;
        }
      }
    },
  };
}

function failureOf(error: unknown): Failure {
  const thrown = Thrown.safeParse(error);
  if (!thrown.success) return { kind: 'unknown', why: 'an answer that cannot be read' };
  const { data } = thrown;
  switch (data.code) {
    case 'slack_webapi_rate_limited_error':
      return { kind: 'too_busy', waitMs: Math.max(data.retryAfter, 1) * 1000 };
    case 'slack_webapi_platform_error': {
      const { error: said } = data.data;
      if (PASSING.has(said)) return { kind: 'unreachable', why: said };
      return UNSURE.has(said) ? { kind: 'unknown', why: said } : { kind: 'no', error: said };
    }
    case 'slack_webapi_http_error':
      return { kind: 'unknown', why: `status ${data.statusCode}` };
    case 'slack_webapi_request_error': {
      const refusal = egressRefusalIn(error);
      if (refusal?.sent === false) return { kind: 'unreachable', why: refusal.message };
      return causes(error).some((text) => NOT_SENT.test(text))
        ? { kind: 'unreachable', why: 'no connection' }
        : { kind: 'unknown', why: 'the connection was lost' };
    }
  }
}

/** Messages and codes of an error and of what caused it. */
function causes(error: unknown): string[] {
  const found: string[] = [];
  for (let at = error, depth = 0; at instanceof Error && depth < 5; depth += 1) {
    found.push(at.message, 'code' in at ? String(at.code) : '');
    at = at.cause ?? ('original' in at ? at.original : undefined);
  }
  return found;
}
