import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { realClock } from '#core/clock.ts';
import { Secret } from '#core/secret.ts';
import { openVendor, RUN_BUDGET, type Source, wishOf, withinBudget } from '#evals/models/vendor.ts';
import { ownCases } from '#evals/own/case.ts';
import { runOwnCase } from '#evals/own/suite.ts';
import { aPlace } from '../cli/a-context.ts';
import { readingBrain } from '../fakes/llm-provider/brain/reader.ts';
import { startFakeProvider } from '../fakes/llm-provider/provider.ts';

const KEY = 'sk-ant-api03-only-for-this-test-0123456789';
const WISH = { vendor: 'anthropic', name: 'claude-sonnet-5' } as const;

async function anEvening() {
  const place = aPlace();
  onTestFinished(() => place[Symbol.dispose]());
  const fake = await startFakeProvider({ seed: 1, brain: readingBrain, key: KEY });
  onTestFinished(() => fake.close());
  const one = (await ownCases()).find(({ id }) => id === 'svc-bad-deploy');
  if (one === undefined) throw new Error('no case');
  const play = async (source: Source) => {
    const vendor = await openVendor(WISH, source, realClock);
    try {
      const how = { clock: realClock, maxReads: null, seed: 1, model: vendor.makeModel };
      return { judged: await runOwnCase(one, how), drifts: vendor.drifts() };
    } finally {
      await vendor.close();
    }
  };
  const live = (record: string | null): Source => ({
    ...{ kind: 'live', baseUrl: fake.url, key: new Secret(KEY), record },
  });
  return { place, fake, play, live };
}

test('what a vendor said is recorded, and played back without asking it, to the same end and for nothing', async () => {
  const { place, fake, play, live } = await anEvening();
  const file = join(place.dir, 'tape.jsonl');
  const asked = await play(live(file));
  expect(asked.judged).toMatchObject({ right: true, fallbacks: 0, errors: [] });
  expect(asked.judged.inputTokens).toBeGreaterThan(1000);
  expect(asked.judged.usdMicros).toBeGreaterThan(0);
  const requests = fake.seen().length;
  expect(requests).toBeGreaterThan(3);
  const played = await play({ kind: 'cassette', file });
  expect(fake.seen()).toHaveLength(requests);
  expect(played.drifts).toBe(0);
  expect(played.judged).toMatchObject({ right: true, fallbacks: 0, usdMicros: 0, said: asked.judged.said });
}, 30_000);

test('a cassette is never written over, and one that is not there is named', async () => {
  const { place, play, live } = await anEvening();
  const file = join(place.dir, 'tape.jsonl');
  await expect(play({ kind: 'cassette', file })).rejects.toThrow(/is not there; --live --record/);
  await play(live(file));
  await expect(play(live(file))).rejects.toThrow('is there already');
}, 30_000);

test('a model is only asked with --live and its key, and only where its price is known', async () => {
  const { place } = await anEvening();
  const refusals: [string[], RegExp][] = [
    [['--model', 'anthropic/claude-sonnet-5'], /cassette\.jsonl is not there/],
    [['--model', 'anthropic/claude-sonnet-5', '--record'], /--record needs --live/],
    [['--live'], /need --model anthropic\/NAME/],
    [['--model', 'anthropic/nobody-knows-it'], /costs, so it is not asked/],
    [['--model', 'someone/else'], /not with someone\/else/],
  ];
  for (const [args, why] of refusals) {
    const ran = await place.run(['evals', 'own', ...args], { clock: realClock });
    expect(ran.exit, args.join(' ')).toBe(2);
    expect(ran.err.join('\n')).toMatch(why);
  }
});

test('without a key --live is refused in one line that says what to set', async () => {
  const { place } = await anEvening();
  vi.stubEnv('OPENAI_API_KEY', undefined);
  onTestFinished(() => void vi.unstubAllEnvs());
  const ran = await place.run(['evals', '--live', '--model', 'openai/gpt-5.4'], { clock: realClock });
  expect(ran).toMatchObject({
    exit: 2,
    err: ['--live asks openai/gpt-5.4, which needs a key: set OPENAI_API_KEY'],
  });
});

test('only names of vendors with a model are wishes', () => {
  expect(wishOf('openai/gpt-5.4')).toEqual({ vendor: 'openai', name: 'gpt-5.4' });
  for (const text of ['anthropic', 'anthropic/', 'other/model', 'openai/../x', 'rules'])
    expect(wishOf(text), text).toBeNull();
});

test('a run asks no more once it has cost what it may', async () => {
  let asked = 0;
  const dear = {
    name: 'dear',
    attempt: async () => {
      asked += 1;
      const tokens = { input: 1_000_000, cacheRead: 0, cacheWrite: 0, output: 0 };
      return { kind: 'reply', text: '', calls: [], stop: 'end', tokens } as const;
    },
  };
  const price = {
    provider: 'dear',
    model: 'm',
    date: '2026-01-01',
    in: RUN_BUDGET / 2,
    cacheRead: 0,
    cacheWrite: 0,
    out: 0,
  };
  const capped = withinBudget(dear, price);
  const request = { model: 'm', head: '', tools: [], items: [], maxOutputTokens: 1, mustCall: false };
  const kinds: string[] = [];
  for (let at = 0; at < 4; at += 1)
    kinds.push((await capped.attempt(request, new AbortController().signal)).kind);
  expect(kinds).toEqual(['reply', 'reply', 'failed', 'failed']);
  expect(asked).toBe(2);
});
