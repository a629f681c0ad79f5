import { describe, expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { type OwnCase, ownCases } from '#evals/own/case.ts';
import { own, runOwnCase } from '#evals/own/suite.ts';

const cases = await ownCases();
const run = (one: OwnCase, without: readonly string[] = []) =>
  runOwnCase(one, { clock: realClock, maxReads: null, without: new Set(without) });

describe('the cases of our own', () => {
  test('are at least thirty, each with its own id, and some of them have no cause to name', () => {
    expect(cases.length).toBeGreaterThanOrEqual(30);
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
    expect(cases.filter(({ expect: { cause } }) => cause === null).length).toBeGreaterThanOrEqual(5);
  });

  test.each(cases.map((one) => [one.id, one] as const))('%s is answered as expected', async (_id, one) => {
    const { right, said, run: result } = await run(one);
    expect({ right, said, errors: result.errors }).toEqual({ right: true, said, errors: [] });
    expect(result.reads).toBeLessThanOrEqual(30);
    expect(result.effects).toBe(0);
    expect(result.proposed).toEqual([]);
  });

  test('a cause whose rule is off is named otherwise in no case', async () => {
    const named = cases.filter(({ expect: { cause } }) => cause !== null);
    const wrong: string[] = [];
    for (const one of named) {
      const { misnamed, said } = await run(one, [one.expect.cause ?? '']);
      if (misnamed) wrong.push(`${one.id}: ${said}`);
    }
    expect(wrong).toEqual([]);
  });

  test('the suite counts what is right and prints the same figures that it is made of', async () => {
    const lines: string[] = [];
    const score = await own({
      ...{ data: null, model: 'rules', maxReads: 12, leaveOut: null, clock: realClock },
      say: (line) => lines.push(line),
    });
    expect(score).toMatchObject({ suite: 'own', model: 'rules', cases: cases.length });
    expect(score.passed).toBeGreaterThanOrEqual(cases.length - 4);
    expect(score.metrics).toMatchObject({ falseAlarms: 0, unauthorisedEffects: 0 });
    expect(score.table).toHaveLength(cases.length);
  });
});
