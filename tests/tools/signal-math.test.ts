import fc from 'fast-check';
import { expect, test } from 'vitest';
import { histogramQuantile, ratePerSecond, ratioOf, sumOf } from '#tools/drivers/signal-math.ts';

const second = (n: number): number => n * 1000;

test('a steady counter has its rate, whatever it counted before', () => {
  expect(ratePerSecond({ t: [0, 1, 2].map(second), v: [500, 510, 520] })).toBe(10);
});

test('a fall of the counter is a restart from zero', () => {
  expect(ratePerSecond({ t: [0, 1, 2].map(second), v: [500, 510, 4] })).toBe(7);
});

test('one reading, or readings at one instant, have no rate', () => {
  expect(ratePerSecond({ t: [0], v: [5] })).toBeNull();
  expect(ratePerSecond({ t: [0, 0], v: [5, 6] })).toBeNull();
  expect(ratePerSecond({ t: [0, 1000], v: [5, Number.NaN] })).toBeNull();
});

test('a rate is never negative and restarts never make it fall below what was seen', () => {
  const readings = fc.array(fc.nat(1000), { minLength: 2, maxLength: 20 });
  fc.assert(
    fc.property(readings, (v) => {
      const rate = ratePerSecond({ t: v.map((_, i) => second(i)), v });
      expect(rate).not.toBeNull();
      expect(rate).toBeGreaterThanOrEqual(0);
      const grown = v.slice(1).reduce((sum, value, i) => sum + Math.max(0, value - (v[i] ?? 0)), 0);
      expect((rate ?? 0) * (v.length - 1)).toBeGreaterThanOrEqual(grown - 1e-9);
    }),
  );
});

test('a quantile lies inside its bucket, in proportion, as Prometheus computes it', () => {
  const buckets = [
    { le: 0.1, count: 50 },
    { le: 0.5, count: 90 },
    { le: 1, count: 100 },
    { le: Number.POSITIVE_INFINITY, count: 100 },
  ];
  expect(histogramQuantile(0.5, buckets)).toBeCloseTo(0.1);
  expect(histogramQuantile(0.95, buckets)).toBeCloseTo(0.75);
  expect(histogramQuantile(0.25, buckets)).toBeCloseTo(0.05);
});

test('a quantile beyond the last bound is that bound; without observations there is none', () => {
  const inf = Number.POSITIVE_INFINITY;
  expect(
    histogramQuantile(0.95, [
      { le: 1, count: 1 },
      { le: inf, count: 10 },
    ]),
  ).toBe(1);
  expect(
    histogramQuantile(0.95, [
      { le: 1, count: 0 },
      { le: inf, count: 0 },
    ]),
  ).toBeNull();
  expect(histogramQuantile(0.95, [{ le: 1, count: 3 }])).toBeNull();
  expect(histogramQuantile(0.95, [])).toBeNull();
});

test('a higher quantile is never a lower value', () => {
  const counts = fc
    .array(fc.nat(100), { minLength: 2, maxLength: 8 })
    .filter((all) => all.some((n) => n > 0));
  fc.assert(
    fc.property(
      counts,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (inside, a, b) => {
        let total = 0;
        const buckets = inside.map((n, i) => {
          total += n;
          return { le: i === inside.length - 1 ? Number.POSITIVE_INFINITY : (i + 1) / 10, count: total };
        });
        const low = histogramQuantile(Math.min(a, b), buckets) ?? Number.NaN;
        const high = histogramQuantile(Math.max(a, b), buckets) ?? Number.NaN;
        expect(low).toBeLessThanOrEqual(high + 1e-12);
      },
    ),
  );
});

test('what was not measured is not zero', () => {
  expect(sumOf([null, null])).toBeNull();
  expect(sumOf([null, 2])).toBe(2);
  expect(ratioOf(1, 0)).toBeNull();
  expect(ratioOf(null, 1)).toBeNull();
});
