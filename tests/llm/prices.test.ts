import fc from 'fast-check';
import { expect, test } from 'vitest';
import { costOf, priceOf, publishedPrices, worstCost } from '#llm/prices.ts';
import { price } from './a-turn.ts';

test('the newest row that holds on the day is the price', () => {
  const row = { ...price, provider: 'p', model: 'm' };
  const rows = [
    { ...row, date: '2026-03-01', in: 3 },
    { ...row, date: '2026-01-01', in: 1 },
    { ...row, date: '2026-02-01', in: 2 },
  ];
  const inOf = (day: string) => priceOf(rows, { provider: 'p', model: 'm', day })?.in;
  expect([inOf('2025-12-31'), inOf('2026-01-01'), inOf('2026-02-28'), inOf('2026-12-31')]).toEqual([
    undefined,
    1,
    2,
    3,
  ]);
  expect(priceOf(rows, { provider: 'p', model: 'other', day: '2026-12-31' })).toBeUndefined();
});

test('a part of a millionth of a dollar counts as a whole one', () => {
  const nothing = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0 };
  expect(costOf(price, nothing)).toBe(0);
  expect(costOf({ ...price, cacheRead: 1 }, { ...nothing, cacheRead: 1 })).toBe(1);
  expect(costOf(price, { ...nothing, output: 1_000_000 })).toBe(5_000_000);
});

test('no way to bill so many tokens costs more than the worst case', () => {
  const count = fc.integer({ min: 0, max: 10 ** 7 });
  const micros = fc.integer({ min: 0, max: 10 ** 9 });
  fc.assert(
    fc.property(fc.tuple(count, count, count, count), fc.tuple(micros, micros, micros, micros), (t, p) => {
      const [input, cacheRead, cacheWrite, output] = t;
      const row = { ...price, in: p[0], cacheRead: p[1], cacheWrite: p[2], out: p[3] };
      const worst = worstCost(row, { input: input + cacheRead + cacheWrite, output });
      expect(costOf(row, { input, cacheRead, cacheWrite, output })).toBeLessThanOrEqual(worst);
    }),
  );
});

test('the published table names each model once a day, and reading from the cache is never dearer than not', () => {
  const names = publishedPrices.map(({ provider, model, date }) => `${provider} ${model} ${date}`);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThan(10);
  for (const row of publishedPrices) {
    expect(row.cacheRead).toBeLessThanOrEqual(row.in);
    expect(row.cacheWrite).toBeGreaterThanOrEqual(row.in);
    expect(row.out).toBeGreaterThan(row.in);
  }
});
