import { setImmediate as nextTurn } from 'node:timers/promises';
import { IncidentId, RunId, SessionKey } from '#core/ids.ts';
import type { Ledger, Reservation, Reserved, Settlement } from '#llm/ledger.ts';
import type { Item, Model, ModelReply, ModelRequest } from '#llm/model.ts';
import type { PriceRow } from '#llm/prices.ts';
import type { Attempt, AttemptFailure, Provider, ProviderRequest, Tokens } from '#llm/provider.ts';
import type { Route, RouterDeps } from '#llm/route.ts';
import { routedModel } from '#llm/router.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

export const turn = {
  incident: IncidentId.parse('INC-1'),
  session: SessionKey.parse('agent:diagnosis:subagent:1'),
  run: RunId.parse('run-1'),
};

const brief: Item = { kind: 'input', source: 'brief', value: null, text: 'look at checkout' };

export function aRequest(over: Partial<ModelRequest> = {}): ModelRequest {
  const schema = { type: 'object', properties: {}, required: [], additionalProperties: false };
  const tools = [
    { name: 'metrics_query', description: 'one signal', schema },
    { name: 'report', description: 'ends the run', schema },
  ];
  return { role: 'diagnosis', turn, head: 'You diagnose.', tools, items: [brief], callsLeft: 20, ...over };
}

/** A tenth of a cent for a thousand tokens in, five times that for what comes out. */
export const price: PriceRow = {
  provider: 'any',
  model: 'any',
  date: '2026-01-01',
  in: 1_000_000,
  cacheRead: 100_000,
  cacheWrite: 1_250_000,
  out: 5_000_000,
};

export const tokens: Tokens = { input: 100, cacheRead: 1000, cacheWrite: 200, output: 50 };
/** What those cost at that price, in millionths of a dollar. */
export const COST = 100 + 100 + 250 + 250;

export const said: Extract<Attempt, { kind: 'reply' }> = {
  kind: 'reply',
  text: 'because',
  calls: [],
  stop: 'end',
  tokens,
};

export function fails(
  reason: AttemptFailure,
  over: Partial<Extract<Attempt, { kind: 'failed' }>> = {},
): Attempt {
  return { kind: 'failed', reason, status: null, retryAfterMs: null, tokens: null, ...over };
}

type Plays = Provider & { readonly seen: ProviderRequest[] };

/** A provider that answers in turn, then always as last. */
export function provider(name: string, ...answers: readonly (Attempt | 'hangs' | 'throws')[]): Plays {
  const seen: ProviderRequest[] = [];
  return {
    name,
    seen,
    attempt: async (request, signal) => {
      const answer = answers[Math.min(seen.length, answers.length - 1)] ?? said;
      seen.push(request);
      if (answer === 'throws') throw new Error('bug in an adapter');
      if (answer !== 'hangs') return answer;
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      return fails('aborted');
    },
  };
}

export function routeTo(to: Provider, model = 'm1'): Route {
  return { provider: to, model, price, maxOutputTokens: 1000 };
}

export const rules: Model = {
  name: 'rules',
  reply: async () => ({
    kind: 'reply',
    text: 'by rules',
    calls: [],
    stop: 'end',
    usage: { inputTokens: 0, outputTokens: 0, usdMicros: 0 },
    by: { model: 'rules', mode: 'rules', why: null },
  }),
};

export type Books = Ledger & {
  readonly reserved: Reservation[];
  readonly settled: (Settlement & { readonly id: string })[];
};

/** Books that keep everything and refuse what `refuses` says. */
export function books(refuses: (one: Reservation) => Reserved | null = () => null): Books {
  const reserved: Reservation[] = [];
  const settled: Books['settled'] = [];
  return {
    reserved,
    settled,
    reserve: async (one) => {
      const refused = refuses(one);
      if (refused !== null) return refused;
      reserved.push(one);
      return { kind: 'reserved', id: `s${reserved.length}` };
    },
    settle: async (id, settlement) => {
      settled.push({ ...settlement, id });
    },
  };
}

export type Rig = {
  readonly clock: FakeClock;
  readonly ledger: Books;
  readonly model: Model;
  readonly errors: unknown[];
  /** Asks, and moves the clock until there is an answer. */
  ask(request?: ModelRequest, signal?: AbortSignal): Promise<ModelReply>;
};

export function aRouter(routes: readonly Route[], over: Partial<RouterDeps> & { ledger?: Books } = {}): Rig {
  const clock = new FakeClock();
  const errors: unknown[] = [];
  const ledger = over.ledger ?? books();
  const random = { bytes: (size: number) => Buffer.alloc(size, 0x80), uuid: () => 'u' };
  const outgoing = (items: readonly Item[]): readonly Item[] => items;
  const onError = (error: unknown): void => void errors.push(error);
  const model = routedModel({
    routes: () => routes,
    rules,
    clock,
    random,
    outgoing,
    onError,
    ...over,
    ledger,
  });
  return {
    clock,
    ledger,
    model,
    errors,
    ask: async (request = aRequest(), signal = new AbortController().signal) => {
      let done = false;
      const reply = model.reply(request, signal).finally(() => {
        done = true;
      });
      reply.catch(() => {});
      for (let waits = 0; !done && waits < 2000; waits += 1) {
        await nextTurn();
        if (!done) await clock.advance(100);
      }
      return reply;
    },
  };
}
