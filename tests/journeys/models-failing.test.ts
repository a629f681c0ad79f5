import { describe, expect, test } from 'vitest';
import { createReplay } from '#approvals/semantic-replay.ts';
import type { Entry } from '#audit/log.ts';
import { passing } from '../fakes/llm-provider/faults.ts';
import { booksOf } from './books.ts';
import { expected, modelScenarios, play } from './model-scenarios.ts';
import type { Api } from './models.ts';
import { modelsForTest } from './models-for-test.ts';

const both: readonly Api[] = ['anthropic', 'responses'];
const dead = { kind: 'all', fault: { kind: 'overloaded' } } as const;

function byModel(entries: readonly Entry[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind, body } of entries) {
    if (kind !== 'turn.replied') continue;
    const key = `${body.model} ${body.why ?? ''}`.trim();
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** The others, and more seeds, are played by `npm run torture -- models`. */
const some = modelScenarios.filter(({ name }) =>
  ['bad-deploy', 'dead-dependency', 'false-alarm', 'wrong-fix'].includes(name),
);

test.each([...both, 'chat'] as const)(
  'replies of %s that break off are each counted at no less than their bill',
  async (api) => {
    const cut = { kind: 'cut', after: 0.95 } as const;
    const faults = { kind: 'first', faults: [cut, null, cut, null, cut] } as const;
    const { run, fakes } = await modelsForTest({ seed: 7, providers: [{ api, faults }] });
    for (const scenario of some.slice(0, 1)) await play(run, scenario);
    const entries = await run.entries();
    const broken = entries.filter(
      ({ kind, body }) => kind === 'model.attempted' && body.outcome === 'unavailable',
    );
    expect(broken).toHaveLength(3);
    expect(broken.map(({ body }) => body.tokens)).toEqual([null, null, null]);
    expect(booksOf(entries, fakes).problems).toEqual([]);
  },
);

describe.each(some)('$name', (scenario) => {
  test('with the first provider dead, the second answers and it ends as the table says', async () => {
    const { run, fakes } = await modelsForTest({
      providers: [{ api: 'anthropic', faults: dead }, { api: 'responses' }],
    });
    expect(await play(run, scenario)).toEqual(expected(scenario));
    const answered = Object.keys(byModel(await run.entries()));
    expect(answered.every((one) => /^p2\/fake-model (?:overloaded|breaker_open)$/.test(one))).toBe(true);
    const [first, second] = fakes.map((fake) => fake.seen().length);
    expect(first).toBeLessThan(second ?? 0);
    expect(run.errors).toEqual([]);
  });

  test('with both providers dead, the rules answer and it ends as the table says', async () => {
    const { run, fakes } = await modelsForTest({ providers: both.map((api) => ({ api, faults: dead })) });
    expect(await play(run, scenario)).toEqual(expected(scenario));
    const answered = Object.keys(byModel(await run.entries()));
    expect(answered.every((one) => /^rules (?:overloaded|breaker_open)$/.test(one))).toBe(true);
    // Three open the breaker; then one probe each half minute at most.
    const minutes = (run.clock.now() - run.incident().openedAt) / 60_000;
    for (const fake of fakes) expect(fake.seen().length).toBeLessThan(3 + 3 * minutes);
    expect(run.errors).toEqual([]);
  });

  test('with half of all replies failing, it ends as the table says, and the books agree to the token', async () => {
    const faults = { kind: 'share', share: 0.5, among: passing } as const;
    const { run, fakes } = await modelsForTest({ seed: 7, providers: both.map((api) => ({ api, faults })) });
    expect(await play(run, scenario)).toEqual(expected(scenario));
    const { theirs, problems } = booksOf(await run.entries(), fakes);
    expect(problems).toEqual([]);
    expect(theirs.usdMicros).toBeGreaterThan(0);
    expect(fakes.some((fake) => fake.seen().some(({ fault }) => fault !== null))).toBe(true);
    expect([...run.errors, ...fakes.flatMap((fake) => fake.errors())]).toEqual([]);
  });
});

test.each(both)(
  '%s: when the budget of the incident is spent, the rules go on and nothing more is asked',
  async (api) => {
    const [scenario] = modelScenarios;
    if (scenario === undefined) throw new Error('no scenario');
    const budget = 100_000;
    const { run } = await modelsForTest({ budget, providers: [{ api }] });
    expect(await play(run, scenario)).toEqual(expected(scenario));
    const entries = await run.entries();
    const answered = byModel(entries);
    expect(answered['p1/fake-model']).toBeGreaterThan(0);
    expect(answered['rules incident_spent']).toBeGreaterThan(0);
    const spent = entries.flatMap(({ kind, body }) =>
      kind === 'model.attempted' ? [Number(body.usdMicros)] : [],
    );
    expect(spent.reduce((all, one) => all + one, 0)).toBeLessThanOrEqual(budget);
    expect(entries.filter(({ kind }) => kind === 'spend.noticed').map(({ body }) => body.percent)).toContain(
      100,
    );
  },
);

test.each(both)('%s: a report with malformed arguments is repaired in one turn more', async (api) => {
  const [scenario] = modelScenarios;
  if (scenario === undefined) throw new Error('no scenario');
  const faults = { kind: 'calling', tool: 'report', times: 1, fault: { kind: 'bad_arguments' } } as const;
  const { run, fakes } = await modelsForTest({ providers: [{ api, faults }] });
  expect(await play(run, scenario)).toEqual(expected(scenario));
  expect(fakes[0]?.seen().some(({ body }) => body.includes('The report was not accepted.'))).toBe(true);
});

test.each(both)(
  '%s: reports that stay malformed end as the table says or with people, and change nothing that nobody allowed',
  async (api) => {
    const [scenario] = modelScenarios;
    if (scenario === undefined) throw new Error('no scenario');
    const faults = {
      kind: 'calling',
      tool: 'report',
      times: 1000,
      fault: { kind: 'bad_arguments' },
    } as const;
    const { run } = await modelsForTest({ providers: [{ api, faults }] });
    const { outcome, actions } = await play(run, scenario);
    expect(['escalated', scenario.outcome]).toContain(outcome);
    expect(run.shop.applied).toHaveLength(actions.length);
    const replay = createReplay();
    for (const entry of await run.entries()) replay.apply(entry);
    expect(replay.problems()).toEqual([]);
  },
);
