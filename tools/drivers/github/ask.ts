import type { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import { wayTo } from '#core/egress.ts';
import { readJson } from '#core/foreign-json.ts';
import { REDACTED } from '#core/redact.ts';
import { askHttp, gapOf, gapOfStatus, type HttpAnswer, type Send } from '../http-text.ts';
import type { Gap, Seen } from '../seen.ts';

export type GitHubSettings = {
  /** Address of its REST API. */
  readonly url: string;
  readonly token: () => string;
  /** Left out = a way to this address alone. */
  readonly send?: Send;
  readonly timeoutMs?: number;
};
/** Asks for one path below the address, in the shape of `answer`. Never throws. */
export type Ask = <T>(path: string, answer: z.ZodType<T>, signal: AbortSignal) => Promise<Seen<T>>;

/** What GitHub asks of whoever was slowed down and was not told for how long. */
const USUAL_PAUSE_MS = 60_000;
/** Its limits are by the hour: a longer pause is a mistake. */
const LONGEST_PAUSE_MS = 3_600_000;

/**
 * One way of asking GitHub. Where it says that it was asked too much, nothing is asked before the time that it names: each look is
 * a gap that says until when. What it answers is foreign.
 */
export function createAsk(settings: GitHubSettings, clock: Clock): Ask {
  const { url, token, send = wayTo(url), timeoutMs = 5000 } = settings;
  let pausedUntil = 0;
  return async (path, shape, signal) => {
    if (clock.now() < pausedUntil) return limited(pausedUntil);
    const limit: { reset: string | null; left: string | null } = { reset: null, left: null };
    const listening: Send = async (to, request) => {
      const response = await send(to, request);
      limit.reset = response.headers.get('x-ratelimit-reset');
      limit.left = response.headers.get('x-ratelimit-remaining');
      return response;
    };
    const headers = {
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
      'user-agent': 'firebreak',
    };
    const ask = { url: `${url.replace(/\/+$/, '')}${path}`, token, headers, timeoutMs, send: listening };
    const said = await askHttp(ask, clock, signal);
    if (said.kind === 'no_answer') return gapOf(said);
    // Whoever answers may say our own token back.
    const answer = { ...said, text: said.text.replaceAll(token(), REDACTED) };
    if (isLimited(answer, limit.left)) {
      pausedUntil = clock.now() + pauseOf(answer, limit.reset, clock.now());
      return limited(pausedUntil);
    }
    return answer.status === 200 ? read(answer.text, shape) : refusalOf(answer);
  };
}

function limited(until: number): Gap {
  const detail = `GitHub was asked too much; it is asked again from ${new Date(until).toISOString()}`;
  return { kind: 'gap', reason: 'rate_limited', detail };
}

/** GitHub says so by 429, or by 403 together with how long to wait or that nothing is left. */
function isLimited({ status, retryAfterMs }: HttpAnswer, left: string | null): boolean {
  return status === 429 || (status === 403 && (retryAfterMs !== undefined || left === '0'));
}

function pauseOf({ retryAfterMs }: HttpAnswer, reset: string | null, now: number): number {
  const untilReset = reset !== null && /^\d{1,12}$/.test(reset) ? Number(reset) * 1000 - now : USUAL_PAUSE_MS;
  return Math.min(LONGEST_PAUSE_MS, Math.max(1000, retryAfterMs ?? untilReset));
}

/** It answers 404 for what the token may not see, too. */
function refusalOf(answer: HttpAnswer): Gap {
  if (answer.status !== 404) return gapOfStatus(answer);
  const detail = 'HTTP 404: GitHub knows no such thing, or the token may not see it';
  return { kind: 'gap', reason: 'refused', detail };
}

function read<T>(text: string, shape: z.ZodType<T>): Seen<T> {
  const parsed = shape.safeParse(readJson(text));
  if (parsed.success) return { kind: 'seen', value: parsed.data };
  return { kind: 'gap', reason: 'bad_answer', detail: 'not an answer that GitHub gives' };
}
