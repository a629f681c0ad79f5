import { expect, test } from 'vitest';
import type { FallbackReason } from '#llm/model.ts';
import type { AttemptFailure, Provider } from '#llm/provider.ts';
import { TURN_MS } from '#llm/router.ts';
import {
  aRequest,
  aRouter,
  books,
  COST,
  fails,
  price,
  provider,
  routeTo,
  rules,
  said,
  tokens,
} from './a-turn.ts';

test('the first choice answers, and its tokens and cost are in the books and in the reply', async () => {
  const a = provider('a', said);
  const rig = aRouter([routeTo(a)]);
  expect(await rig.ask()).toEqual({
    kind: 'reply',
    text: 'because',
    calls: [],
    stop: 'end',
    usage: { inputTokens: 1300, outputTokens: 50, usdMicros: COST },
    by: { model: 'a/m1', mode: 'model', why: null },
  });
  expect(rig.ledger.reserved).toMatchObject([{ role: 'diagnosis', provider: 'a', model: 'm1' }]);
  expect(rig.ledger.settled).toMatchObject([
    { id: 's1', outcome: 'ok', tokens, usdMicros: COST, price: price.date, attempt: 1 },
  ]);
});

test('what is reserved covers every token of the request and of the longest answer', async () => {
  const a = provider('a', said);
  const rig = aRouter([routeTo(a)]);
  const text = 'x'.repeat(40_000);
  await rig.ask(aRequest({ items: [{ kind: 'input', source: 'brief', value: null, text }] }));
  const [reserved] = rig.ledger.reserved;
  // 20,000 tokens at the price of a cache write, 1,000 at that of output.
  expect(reserved?.usdMicros).toBeGreaterThan(20_000 * 1.25 + 5000);
  expect(reserved?.usdMicros).toBeLessThan(22_000 * 1.25 + 5000);
});

test('only the last turn of a run that can report must call a tool', async () => {
  const a = provider('a', said);
  const rig = aRouter([routeTo(a)]);
  await rig.ask();
  await rig.ask(aRequest({ callsLeft: 1 }));
  await rig.ask(aRequest({ callsLeft: 1, tools: [] }));
  expect(a.seen.map(({ mustCall }) => mustCall)).toEqual([false, true, false]);
});

test.each<[AttemptFailure, number, FallbackReason]>([
  ['rate_limited', 3, 'rate_limited'],
  ['overloaded', 3, 'overloaded'],
  ['unavailable', 3, 'unavailable'],
  ['invalid_reply', 2, 'invalid_reply'],
  ['timeout', 1, 'timeout'],
  ['auth', 1, 'key_refused'],
  ['unknown_model', 1, 'unknown_model'],
  ['too_long', 1, 'prompt_too_long'],
  ['rejected', 1, 'rejected'],
])('%s is tried %i times, then the next candidate answers and says why', async (reason, times, why) => {
  const [a, b] = [provider('a', fails(reason)), provider('b', said)];
  const rig = aRouter([routeTo(a), routeTo(b)]);
  expect(await rig.ask()).toMatchObject({ by: { model: 'b/m1', mode: 'model', why } });
  expect(a.seen).toHaveLength(times);
  expect(rig.ledger.settled.map(({ attempt }) => attempt)).toEqual(
    Array.from({ length: times + 1 }, (_, index) => index + 1),
  );
});

test('when no candidate answers, the rules do, with what the failures cost and why the first one failed', async () => {
  const rig = aRouter([
    routeTo(provider('a', fails('auth', { status: 401 }))),
    routeTo(provider('b', fails('timeout'))),
  ]);
  const reply = await rig.ask();
  const worst = rig.ledger.reserved[1]?.usdMicros ?? 0;
  expect(worst).toBeGreaterThan(0);
  expect(reply).toMatchObject({
    text: 'by rules',
    usage: { usdMicros: worst },
    by: { model: 'rules', mode: 'rules', why: 'key_refused' },
  });
});

test('a role without candidates is played by the rules and says so', async () => {
  expect(await aRouter([]).ask()).toMatchObject({ by: { mode: 'rules', why: 'not_configured' } });
});

test('a budget that is spent is named whatever failed before it, and nothing is sent', async () => {
  const a = provider('a', fails('timeout'));
  const b = provider('b', said);
  const ledger = books((one) =>
    one.provider === 'b' ? { kind: 'refused', reason: 'incident_spent' } : null,
  );
  const rig = aRouter([routeTo(a), routeTo(b)], { ledger });
  expect(await rig.ask()).toMatchObject({ by: { mode: 'rules', why: 'incident_spent' } });
  expect(b.seen).toHaveLength(0);
  expect(rig.ledger.reserved).toHaveLength(1);
});

test('a refusal of the model is an answer', async () => {
  const rig = aRouter([routeTo(provider('a', { ...said, stop: 'refusal' })), routeTo(provider('b', said))]);
  expect(await rig.ask()).toMatchObject({ stop: 'refusal', by: { model: 'a/m1' } });
});

test('a reply from a recording costs nothing and is booked as recorded', async () => {
  const rig = aRouter([routeTo(provider('a', { ...said, recorded: true }))]);
  expect(await rig.ask()).toMatchObject({ usage: { usdMicros: 0 } });
  expect(rig.ledger.settled).toMatchObject([{ outcome: 'recorded', usdMicros: 0, tokens }]);
});

test('a failure counts what was billed, nothing when it was refused, and all that it could cost when nobody knows', async () => {
  const rig = aRouter([
    routeTo(provider('a', fails('timeout', { tokens }))),
    routeTo(provider('b', fails('auth', { status: 401 }))),
    routeTo(provider('c', fails('timeout', { status: 200 }))),
    routeTo(provider('d', fails('timeout'))),
  ]);
  await rig.ask();
  const worst = rig.ledger.reserved[0]?.usdMicros;
  expect(rig.ledger.settled.map(({ usdMicros }) => usdMicros)).toEqual([COST, 0, worst, worst]);
});

test('an abort ends the turn at once, is booked, and no other candidate is asked', async () => {
  const [a, b] = [provider('a', 'hangs'), provider('b', said)];
  const rig = aRouter([routeTo(a), routeTo(b)]);
  const stop = new AbortController();
  rig.clock.after(1000, () => stop.abort(new Error('cancelled')));
  expect(await rig.ask(aRequest(), stop.signal)).toEqual({ kind: 'failed', reason: 'aborted' });
  expect(rig.ledger.settled).toMatchObject([{ outcome: 'aborted' }]);
  expect(b.seen).toHaveLength(0);
});

test('an abort during the wait before another try ends the turn', async () => {
  const a = provider('a', fails('rate_limited', { retryAfterMs: 10_000 }));
  const rig = aRouter([routeTo(a)]);
  const stop = new AbortController();
  rig.clock.after(1000, () => stop.abort(new Error('cancelled')));
  expect(await rig.ask(aRequest(), stop.signal)).toEqual({ kind: 'failed', reason: 'aborted' });
  expect(a.seen).toHaveLength(1);
});

test('a turn that was aborted before it began asks nobody', async () => {
  const a = provider('a', said);
  const rig = aRouter([routeTo(a)]);
  expect(await rig.ask(aRequest(), AbortSignal.abort())).toEqual({ kind: 'failed', reason: 'aborted' });
  expect(a.seen).toHaveLength(0);
});

test('a provider that never answers is a timeout at the end of the turn, and the rules still answer', async () => {
  const [a, b] = [provider('a', 'hangs'), provider('b', said)];
  const rig = aRouter([routeTo(a), routeTo(b)]);
  const begun = rig.clock.mono();
  expect(await rig.ask()).toMatchObject({ by: { mode: 'rules', why: 'timeout' } });
  expect(rig.clock.mono() - begun).toBeLessThanOrEqual(TURN_MS + 200);
  expect(rig.ledger.settled).toMatchObject([{ outcome: 'timeout' }]);
  expect(b.seen).toHaveLength(0);
});

test('what a provider asks to wait is waited; one that asks for more than a turn bears is left', async () => {
  const a = provider('a', fails('rate_limited', { retryAfterMs: 5000 }), said);
  const rig = aRouter([routeTo(a)]);
  const begun = rig.clock.mono();
  expect(await rig.ask()).toMatchObject({ by: { model: 'a/m1', why: null } });
  expect(rig.clock.mono() - begun).toBeGreaterThanOrEqual(5000);

  const slow = provider('slow', fails('rate_limited', { retryAfterMs: 60_000 }));
  const other = aRouter([routeTo(slow), routeTo(provider('b', said))]);
  expect(await other.ask()).toMatchObject({ by: { model: 'b/m1', why: 'rate_limited' } });
  expect(slow.seen).toHaveLength(1);
  expect(other.clock.mono()).toBeLessThan(1000);
});

test('after three failures the provider is left alone for 30 s, then one probe decides', async () => {
  const a = provider('a', ...Array.from({ length: 4 }, () => fails('timeout')), said);
  const rig = aRouter([routeTo(a)]);
  for (let n = 0; n < 3; n += 1) await rig.ask();
  expect(await rig.ask()).toMatchObject({ by: { mode: 'rules', why: 'breaker_open' } });
  expect(a.seen).toHaveLength(3);
  await rig.clock.advance(30_000);
  expect(await rig.ask()).toMatchObject({ by: { mode: 'rules', why: 'timeout' } });
  expect(await rig.ask()).toMatchObject({ by: { why: 'breaker_open' } });
  expect(a.seen).toHaveLength(4);
  await rig.clock.advance(30_000);
  expect(await rig.ask()).toMatchObject({ by: { mode: 'model', why: null } });
  expect(await rig.ask()).toMatchObject({ by: { mode: 'model', why: null } });
});

test('while a probe is under way others are not made to wait for it', async () => {
  const a = provider('a', fails('timeout'), fails('timeout'), fails('timeout'), 'hangs');
  const rig = aRouter([routeTo(a)]);
  for (let n = 0; n < 3; n += 1) await rig.ask();
  await rig.clock.advance(30_000);
  const stop = new AbortController();
  const probe = rig.model.reply(aRequest(), stop.signal);
  const begun = rig.clock.mono();
  expect(await rig.ask()).toMatchObject({ by: { why: 'breaker_open' } });
  expect(rig.clock.mono() - begun).toBeLessThan(200);
  stop.abort();
  expect(await probe).toEqual({ kind: 'failed', reason: 'aborted' });
});

test('a model that the provider does not know is left alone, its other models are not', async () => {
  const a = provider('a', fails('unknown_model', { status: 404 }));
  const rig = aRouter([routeTo(a, 'gone')]);
  for (let n = 0; n < 10; n += 1) await rig.ask();
  expect(a.seen).toHaveLength(3);
  const asked: string[] = [];
  const b: Provider = {
    name: 'b',
    attempt: async ({ model }) => {
      asked.push(model);
      return model === 'gone' ? fails('unknown_model', { status: 404 }) : said;
    },
  };
  const two = aRouter([routeTo(b, 'gone'), routeTo(b, 'here')]);
  for (let n = 0; n < 5; n += 1) expect(await two.ask()).toMatchObject({ by: { model: 'b/here' } });
  expect(asked.filter((model) => model === 'gone')).toHaveLength(3);
});

test('what was too long once is not sent to that model again, what is shorter is', async () => {
  const a = provider('a', fails('too_long', { status: 400 }), said);
  const rig = aRouter([routeTo(a)]);
  const text = 'x'.repeat(4000);
  const long = aRequest({ items: [{ kind: 'input', source: 'brief', value: null, text }] });
  for (let n = 0; n < 5; n += 1)
    expect(await rig.ask(long)).toMatchObject({ by: { mode: 'rules', why: 'prompt_too_long' } });
  expect(a.seen).toHaveLength(1);
  expect(await rig.ask()).toMatchObject({ by: { mode: 'model' } });
});

test('what was too long once is tried again after ten minutes', async () => {
  const a = provider('a', fails('too_long', { status: 400 }), said);
  const rig = aRouter([routeTo(a)]);
  await rig.ask();
  await rig.clock.advance(599_999);
  expect(await rig.ask()).toMatchObject({ by: { mode: 'rules', why: 'prompt_too_long' } });
  await rig.clock.advance(1);
  expect(await rig.ask()).toMatchObject({ by: { mode: 'model' } });
});

test('a wrong key makes no storm: so many turns, three attempts', async () => {
  const a = provider('a', fails('auth', { status: 401 }));
  const rig = aRouter([routeTo(a)]);
  for (let n = 0; n < 20; n += 1) await rig.ask();
  expect(a.seen).toHaveLength(3);
});

test('an adapter that throws has failed, is reported, and the books are closed', async () => {
  const a = provider('a', 'throws');
  const rig = aRouter([routeTo(a)]);
  expect(await rig.ask()).toMatchObject({ by: { mode: 'rules', why: 'unavailable' } });
  expect(rig.errors).toHaveLength(3);
  expect(rig.ledger.settled).toHaveLength(3);
});

test('books that cannot be written end the turn before anything is sent', async () => {
  const a = provider('a', said);
  const ledger = { ...books(), reserve: () => Promise.reject(new Error('disk full')) };
  await expect(aRouter([routeTo(a)], { ledger }).ask()).rejects.toThrow('disk full');
  expect(a.seen).toHaveLength(0);
});

test('rules that fail fail the turn', async () => {
  const rig = aRouter([], {
    rules: { ...rules, reply: async () => ({ kind: 'failed', reason: 'invalid_reply' }) },
  });
  expect(await rig.ask()).toEqual({ kind: 'failed', reason: 'invalid_reply' });
});

test.each([
  [400, 0],
  [408, 1],
  [429, 0],
  [500, 1],
  [503, 0],
  [504, 1],
  [529, 0],
])('a request that failed with %i counts as its worst cost %i times', async (status, times) => {
  const rig = aRouter([routeTo(provider('a', fails('rejected', { status })))]);
  const reply = await rig.ask();
  const worst = rig.ledger.reserved[0]?.usdMicros ?? 0;
  expect(worst).toBeGreaterThan(0);
  expect(reply).toMatchObject({ usage: { usdMicros: times * worst } });
});
