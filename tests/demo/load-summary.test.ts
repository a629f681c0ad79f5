import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quantile, summarise } from '#demo/load-summary.ts';

const samples = [
  { t: 1000, rate: 10, errors: 0, p50: 10, p95: 20 },
  { t: 2000, rate: 30, errors: 0.5, p50: 12, p95: 40 },
  { t: 3000, rate: 20, errors: 0, p50: 11, p95: 30 },
];

test('every request counts alike in the error ratio', () => {
  expect(summarise(samples, 0, 5000)).toEqual({ seconds: 3, rate: 20, errors: 0.25, p50: 11, p95: 30 });
});

test('only samples inside the span count, both ends included', () => {
  expect(summarise(samples, 1000, 1999)).toMatchObject({ seconds: 1, rate: 10, errors: 0 });
  expect(summarise(samples, 2000, 2000)).toMatchObject({ seconds: 1, errors: 0.5 });
});

test('a span without samples is all zeros', () => {
  expect(summarise(samples, 9000, 9999)).toEqual({ seconds: 0, rate: 0, errors: 0, p50: 0, p95: 0 });
});

test('a quantile is one of the values and at least the asked share is not above it', () => {
  const share = fc.double({ min: 0.01, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), share, (values, wanted) => {
      const found = quantile(values, wanted);
      expect(values).toContain(found);
      expect(values.filter((value) => value <= found).length).toBeGreaterThanOrEqual(
        wanted * values.length - 1e-9,
      );
    }),
  );
});
