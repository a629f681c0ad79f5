import type { Clock } from '#core/clock.ts';
import { createBreakers } from './breaker.ts';
import type { AnsweredBy, FallbackReason, Model, ModelReply, ModelRequest } from './model.ts';
import { retryWait } from './retry.ts';
import type { Route, RouterDeps } from './route.ts';
import { type Made, makeAttempt, type Turning, type TurnParts } from './router-attempt.ts';

/** The longest that one turn may ask around, waits included; after that the rules answer, with time left in their run. */
export const TURN_MS = 120_000;

/**
 * One model out of many. For each turn the candidates of the role are asked in order: the breaker is consulted, the worst
 * cost is reserved, the attempt is made, the true cost is settled; what may pass by itself is tried again a little later.
 * When no candidate answers, the rules do, and `by.why` says why the first choice did not. A refusal is an answer. An
 * abort ends the turn at once. Throws only when the books cannot be written.
 */
export function routedModel(deps: RouterDeps): Model {
  const parts: TurnParts = { ...deps, breakers: createBreakers(deps.clock), tooLong: new Map() };
  return {
    name: 'routed',
    reply: (request, signal) => answer(parts, request, signal),
  };
}

async function answer(parts: TurnParts, request: ModelRequest, signal: AbortSignal): Promise<ModelReply> {
  const turn = beginTurn(parts, request, signal);
  const whys: FallbackReason[] = [];
  try {
    for (const route of parts.routes(request.role)) {
      const tried = await tryRoute(turn, route);
      if (tried.kind === 'aborted') return { kind: 'failed', reason: 'aborted' };
      if (tried.kind === 'answered') {
        const model = `${route.provider.name}/${route.model}`;
        return replyOf(turn, tried.reply, { model, mode: 'model', why: whys[0] ?? null });
      }
      whys.push(tried.why);
    }
  } finally {
    turn.end();
  }
  return askRules(turn, whys);
}

/** A budget that is spent says more than whatever the first candidate said before it. */
async function askRules(turn: Turning, whys: readonly FallbackReason[]): Promise<ModelReply> {
  const reply = await turn.parts.rules.reply(turn.request, turn.caller);
  if (reply.kind === 'failed') return reply;
  const why = whys.find((reason) => reason.endsWith('_spent')) ?? whys[0] ?? 'not_configured';
  return { ...reply, usage: { ...turn.usage }, by: { ...reply.by, why } };
}

function beginTurn(parts: TurnParts, request: ModelRequest, caller: AbortSignal): Turning {
  const over = new AbortController();
  const cancel = parts.clock.after(TURN_MS, () => over.abort(new Error('the turn took too long')));
  return {
    parts,
    request,
    caller,
    over: over.signal,
    signal: AbortSignal.any([caller, over.signal]),
    until: parts.clock.mono() + TURN_MS,
    items: parts.outgoing(request.items),
    attempts: 0,
    usage: { inputTokens: 0, outputTokens: 0, usdMicros: 0 },
    end: cancel,
  };
}

type Tried =
  | Extract<Made, { kind: 'answered' | 'aborted' }>
  | { readonly kind: 'skipped'; readonly why: FallbackReason };

/** One candidate, with its retries. What an earlier attempt said explains more than that the breaker opened over it. */
async function tryRoute(turn: Turning, route: Route): Promise<Tried> {
  const { clock, random } = turn.parts;
  let before: FallbackReason | null = null;
  for (let made = 1; ; made += 1) {
    const one = await makeAttempt(turn, route);
    if (one.kind === 'not_made') return { kind: 'skipped', why: before ?? one.why };
    if (one.kind !== 'failed') return one;
    before = one.why;
    const { reason, retryAfterMs } = one;
    const leftMs = turn.until - clock.mono();
    const wait = retryWait({ reason, retryAfterMs, made, leftMs }, random);
    if (wait === null) return { kind: 'skipped', why: one.why };
    if (!(await slept(clock, wait, turn.caller))) return { kind: 'aborted' };
  }
}

async function slept(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch {
    return false;
  }
}

/** `usage` is that of the whole turn: what failed before the answer was paid for as well. */
function replyOf(
  turn: Turning,
  { text, calls, stop }: Extract<Made, { kind: 'answered' }>['reply'],
  by: AnsweredBy,
): ModelReply {
  return { kind: 'reply', text, calls, stop, usage: { ...turn.usage }, by };
}
