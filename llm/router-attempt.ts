import type { Breaker, Pass } from './breaker.ts';
import type { Settlement } from './ledger.ts';
import type { FallbackReason, Item, ModelRequest, Usage } from './model.ts';
import { costOf, worstCost } from './prices.ts';
import type { Attempt, AttemptFailure, ProviderRequest } from './provider.ts';
import { inputBound } from './request-size.ts';
import type { Route, RouterDeps } from './route.ts';

export type TurnParts = RouterDeps & {
  readonly breakers: (name: string) => Breaker;
  /** The smallest request, in tokens at most, that was too long for a model; for a while no longer one is sent to it. */
  readonly tooLong: Map<string, { readonly size: number; readonly at: number }>;
};

/** How long a model is spared what was too long for it, ms: what it said may have been wrong, or be mended. */
const TOO_LONG_MS = 600_000;

/** One turn while it lasts. */
export type Turning = {
  readonly parts: TurnParts;
  readonly request: ModelRequest;
  /** The run's own signal, and the one that also ends with the turn's time. */
  readonly caller: AbortSignal;
  readonly signal: AbortSignal;
  readonly over: AbortSignal;
  /** When the turn's time is over, by the monotonic clock. */
  readonly until: number;
  /** The transcript as it may leave. */
  readonly items: readonly Item[];
  attempts: number;
  /** Of all attempts so far. */
  readonly usage: Usage;
  end(): void;
};

type Reply = Extract<Attempt, { kind: 'reply' }>;
type Failure = Extract<Attempt, { kind: 'failed' }>;

export type Made =
  | { readonly kind: 'answered'; readonly reply: Reply }
  | { readonly kind: 'aborted' }
  /** Nothing was sent. */
  | { readonly kind: 'not_made'; readonly why: FallbackReason }
  | {
      readonly kind: 'failed';
      readonly why: FallbackReason;
      readonly reason: AttemptFailure;
      readonly retryAfterMs: number | null;
    };

/** One attempt with its breaker and its books. What is reserved is settled, however the attempt ends. */
export async function makeAttempt(turn: Turning, route: Route): Promise<Made> {
  if (turn.caller.aborted) return { kind: 'aborted' };
  if (turn.over.aborted) return { kind: 'not_made', why: 'timeout' };
  const sent = requestOf(turn, route);
  const size = inputBound(sent);
  if (size >= tooLongFor(turn, route)) return { kind: 'not_made', why: 'prompt_too_long' };
  const passes = enter(turn, route);
  if (passes === null) return { kind: 'not_made', why: 'breaker_open' };
  try {
    return await passed(turn, { route, passes, sent, size });
  } catch (error) {
    passes.settle(null);
    throw error;
  }
}

type Order = { route: Route; passes: Passes; sent: ProviderRequest; size: number };

async function passed(turn: Turning, { route, passes, sent, size }: Order): Promise<Made> {
  const { ledger, clock } = turn.parts;
  const worst = worstCost(route.price, { input: size, output: sent.maxOutputTokens });
  const { role } = turn.request;
  const provider = route.provider.name;
  const asked = { turn: turn.request.turn, role, provider, model: route.model, usdMicros: worst };
  const reserved = await ledger.reserve(asked);
  if (reserved.kind === 'refused') {
    passes.settle(null);
    return { kind: 'not_made', why: reserved.reason };
  }
  turn.attempts += 1;
  const attempt = turn.attempts;
  const begun = clock.mono();
  const made = await attemptOf(turn, route, sent);
  const latencyMs = Math.round(clock.mono() - begun);
  passes.settle(made);
  if (made.kind === 'failed' && made.reason === 'too_long') noteTooLong(turn, route, size);
  const settlement = settlementOf(made, { route, worst, latencyMs, attempt });
  count(turn.usage, settlement);
  await ledger.settle(reserved.id, settlement);
  return outcomeOf(turn, made);
}

function noteTooLong({ parts }: Turning, route: Route, size: number): void {
  parts.tooLong.set(nameOf(route), { size, at: parts.clock.mono() });
}

/** Only what is shorter than the last mark is sent, so a newer mark is always the smaller one. */
function tooLongFor({ parts }: Turning, route: Route): number {
  const mark = parts.tooLong.get(nameOf(route));
  const holds = mark !== undefined && parts.clock.mono() - mark.at < TOO_LONG_MS;
  return holds ? mark.size : Number.POSITIVE_INFINITY;
}

const nameOf = ({ provider, model }: Route): string => `${provider.name}/${model}`;

function requestOf({ request, items }: Turning, { model, maxOutputTokens }: Route): ProviderRequest {
  const { head, tools, callsLeft } = request;
  const mustCall = callsLeft <= 1 && tools.some((tool) => tool.name === 'report');
  return { model, head, tools, items, maxOutputTokens, mustCall };
}

/** An abort that only the turn's own end explains is a timeout of the provider. A provider that throws has failed. */
async function attemptOf(turn: Turning, route: Route, sent: ProviderRequest): Promise<Attempt> {
  try {
    const made = await route.provider.attempt(sent, turn.signal);
    const late = made.kind === 'failed' && made.reason === 'aborted' && !turn.caller.aborted;
    return late ? { ...made, reason: 'timeout' } : made;
  } catch (error) {
    turn.parts.onError(error);
    return { kind: 'failed', reason: 'unavailable', status: null, retryAfterMs: null, tokens: null };
  }
}

function settlementOf(
  made: Attempt,
  { route, worst, latencyMs, attempt }: { route: Route; worst: number; latencyMs: number; attempt: number },
): Settlement {
  const common = { price: route.price.date, latencyMs, attempt };
  if (made.kind === 'reply') {
    const { tokens, recorded } = made;
    const usdMicros = recorded ? 0 : costOf(route.price, tokens);
    return { ...common, outcome: recorded ? 'recorded' : 'ok', tokens, usdMicros };
  }
  return {
    ...common,
    outcome: made.reason,
    tokens: made.tokens,
    usdMicros: costOfFailure(made, route, worst),
  };
}

/**
 * What a request could have cost counts, unless the answer says that it was refused, also for being too many: those are
 * billed by nobody. Behind a 500, 502 or 504 it may have been answered.
 */
function costOfFailure({ tokens, status }: Failure, { price }: Route, worst: number): number {
  if (tokens !== null) return costOf(price, tokens);
  return status !== null && isRefusal(status) ? 0 : worst;
}

function isRefusal(status: number): boolean {
  return (status >= 400 && status < 500 && status !== 408) || status === 503 || status === 529;
}

function count(usage: Usage, { tokens, usdMicros }: Settlement): void {
  usage.usdMicros += usdMicros;
  if (tokens === null) return;
  usage.inputTokens += tokens.input + tokens.cacheRead + tokens.cacheWrite;
  usage.outputTokens += tokens.output;
}

function outcomeOf(turn: Turning, made: Attempt): Made {
  if (made.kind === 'reply') return { kind: 'answered', reply: made };
  if (turn.caller.aborted) return { kind: 'aborted' };
  return { kind: 'failed', why: WHY[made.reason], reason: made.reason, retryAfterMs: made.retryAfterMs };
}

const WHY: Readonly<Record<AttemptFailure, FallbackReason>> = {
  rate_limited: 'rate_limited',
  overloaded: 'overloaded',
  unavailable: 'unavailable',
  timeout: 'timeout',
  auth: 'key_refused',
  unknown_model: 'unknown_model',
  too_long: 'prompt_too_long',
  rejected: 'rejected',
  invalid_reply: 'invalid_reply',
  aborted: 'unavailable',
};

type Passes = { settle(made: Attempt | null): void };

/** A provider has a breaker, and each of its models one: a name that it does not know says nothing about the others. */
function enter({ parts }: Turning, route: Route): Passes | null {
  const ofProvider = parts.breakers(route.provider.name).enter();
  const ofModel = parts.breakers(nameOf(route)).enter();
  if (ofProvider === null || ofModel === null) {
    ofProvider?.undecided();
    ofModel?.undecided();
    return null;
  }
  let isOpen = true;
  return {
    settle: (made) => {
      if (!isOpen) return;
      isOpen = false;
      ofProvider[made === null ? 'undecided' : verdictOf(made)]();
      ofModel[made === null ? 'undecided' : modelVerdictOf(made)]();
    },
  };
}

function modelVerdictOf(made: Attempt): keyof Pass {
  if (made.kind === 'reply') return 'worked';
  return made.reason === 'unknown_model' ? 'failed' : 'undecided';
}

/** What an attempt says about the provider as a whole. */
function verdictOf(made: Attempt): keyof Pass {
  if (made.kind === 'reply') return 'worked';
  switch (made.reason) {
    case 'rate_limited':
    case 'overloaded':
    case 'unavailable':
    case 'timeout':
    case 'auth':
    case 'invalid_reply':
      return 'failed';
    case 'unknown_model':
    case 'too_long':
    case 'rejected':
      return 'worked';
    case 'aborted':
      return 'undecided';
  }
}
