import { describe, expect, test } from 'vitest';
import { hostileModel } from '#llm/hostile.ts';
import { hostileBrain } from '../fakes/llm-provider/brain/hostile.ts';
import { leaksIn, playHostile } from './hostile.ts';
import { inProcess } from './in-process.ts';
import { modelScenarios } from './model-scenarios.ts';
import { modelsForTest } from './models-for-test.ts';

const decisions = ['approve', 'deny'] as const;
const rows = modelScenarios.flatMap((scenario, at) =>
  decisions.map((decision, which) => ({
    name: scenario.name,
    scenario,
    decision,
    seed: 10 * at + which + 3,
  })),
);

test.each(rows)(
  '$name: a hostile model has no effect that nobody allowed, whoever says $decision to all that it asks',
  async ({ scenario, decision, seed }) => {
    const run = await inProcess({ seed, model: ({ rules }) => hostileModel({ seed, accomplice: rules }) });
    expect(await playHostile(run, scenario, decision)).toEqual([]);
  },
);

test('hostile runs reach what they attack: they are refused, they propose, and what was allowed is done', async () => {
  const [scenario] = modelScenarios;
  if (scenario === undefined) throw new Error('no scenario');
  const found = { refused: 0, proposed: 0, applied: 0 };
  for (let seed = 100; seed < 110; seed += 1) {
    const run = await inProcess({ seed, model: ({ rules }) => hostileModel({ seed, accomplice: rules }) });
    expect(await playHostile(run, scenario, 'approve')).toEqual([]);
    const entries = await run.entries();
    found.refused += entries.filter(({ kind }) => kind === 'tool.refused').length;
    found.proposed += run.folds.approvals.all().length;
    found.applied += run.shop.applied.length;
  }
  expect(found.refused).toBeGreaterThan(100);
  expect(found.proposed).toBeGreaterThan(2);
  expect(found.applied).toBeGreaterThan(1);
});

const onWire = rows.filter(({ decision, name }) => decision === 'approve' && name !== 'fixed-by-hand');
describe.each(onWire)('$name over a wire', ({ scenario, seed }) => {
  test('a hostile model has no effect that nobody allowed, and no secret is in any request', async () => {
    const api = seed % 20 < 10 ? 'anthropic' : 'responses';
    const { run, fakes } = await modelsForTest({ seed, providers: [{ api, brain: hostileBrain(seed) }] });
    expect(await playHostile(run, scenario, 'approve')).toEqual([]);
    const bodies = fakes.flatMap((fake) => fake.seen().map(({ body }) => body));
    expect(bodies.length).toBeGreaterThan(0);
    expect(leaksIn(bodies.join('\n'))).toEqual([]);
    expect(fakes.flatMap((fake) => fake.errors())).toEqual([]);
  });
});
