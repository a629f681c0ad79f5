import { describe, expect, test } from 'vitest';
import { expected, modelScenarios, play } from './model-scenarios.ts';
import type { Api } from './models.ts';
import { modelsForTest } from './models-for-test.ts';

const apis: readonly Api[] = ['anthropic', 'responses'];

describe.each(apis)('with every turn answered over %s', (api) => {
  test.each(modelScenarios)('$name ends as the table says', async (scenario) => {
    const { run, fakes } = await modelsForTest({ providers: [{ api }] });
    expect(await play(run, scenario)).toEqual(expected(scenario));
    const replies = (await run.entries()).filter(({ kind }) => kind === 'turn.replied');
    expect(new Set(replies.map(({ body }) => body.mode))).toEqual(new Set(['model']));
    expect(fakes.flatMap((fake) => fake.seen().map(({ status }) => status))).toEqual(replies.map(() => 200));
    expect([...fakes.flatMap((fake) => fake.errors()), ...run.errors]).toEqual([]);
  });
});
