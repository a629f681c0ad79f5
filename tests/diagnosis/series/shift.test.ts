import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { selectInPlace } from '#diagnosis/series/select.ts';
import { ALARM, type Shift, shiftOf } from '#diagnosis/series/shift.ts';
import { wobble } from './made.ts';

const POINTS = 240;
const FROM = 180;

function shifted(level: (i: number) => number, from = FROM): Shift | null {
  const values = Float64Array.from({ length: POINTS }, (_, i) => level(i));
  return shiftOf(values, { end: from, least: 0 }, new Float64Array(POINTS));
}

const isChange = (shift: Shift | null): boolean => (shift?.evidence ?? 0) > ALARM;

describe('a planted change', () => {
  test.each([1, -1])('of level (sign %i) has its direction, its size and its onset', (sign) => {
    const shift = shifted((i) => 100 + wobble(i) + (i >= 200 ? sign * 20 : 0));
    expect(isChange(shift)).toBe(true);
    expect(Math.sign(shift?.steps ?? 0)).toBe(sign);
    expect(shift?.onset).toBe(200);
    expect((shift?.steps ?? 0) * (shift?.scale ?? 0)).toBeCloseTo(sign * 20, -1);
  });

  test('keeps its onset and its size when the window begins after it', () => {
    const level = (i: number): number => 100 + wobble(i) + (i >= 170 ? 20 : 0);
    const [early, late] = [shifted(level, 160), shifted(level, 180)];
    expect(early?.onset).toBe(170);
    expect(late?.onset).toBe(180);
    expect(late?.steps).toBeGreaterThan(0.8 * (early?.steps ?? 0));
  });

  test('on a constant baseline is told in steps of its level, not as infinite', () => {
    const shift = shifted((i) => (i >= 200 ? 60 : 50));
    expect(isChange(shift)).toBe(true);
    expect(shift?.steps).toBeCloseTo(10, 5);
  });

  test('from nothing at all is one', () => {
    const shift = shifted((i) => (i >= 200 ? 3 : 0));
    expect(isChange(shift)).toBe(true);
    expect(Number.isFinite(shift?.steps)).toBe(true);
  });

  test('of a share that was always complete counts although it is small', () => {
    expect(isChange(shifted((i) => (i >= 220 ? 98.5 : 100)))).toBe(true);
    expect(isChange(shifted((i) => (i >= 220 ? 98.5 : 99)))).toBe(false);
  });

  test('that is over again is still seen', () => {
    const shift = shifted((i) => 100 + wobble(i) + (i >= 200 && i < 204 ? 30 : 0));
    expect(isChange(shift)).toBe(true);
    expect(shift?.onset).toBe(200);
    expect(shift?.until).toBeLessThan(206);
  });

  test('is found between missing samples', () => {
    const shift = shifted((i) => (i % 3 === 1 ? Number.NaN : 100 + wobble(i) + (i >= 200 ? 20 : 0)));
    expect(isChange(shift)).toBe(true);
    expect(shift?.onset).toBeGreaterThanOrEqual(199);
    expect(shift?.onset).toBeLessThanOrEqual(201);
  });

  test('that sets in slowly is found', () => {
    expect(isChange(shifted((i) => 100 + wobble(i) + Math.max(0, i - 190)))).toBe(true);
  });
});

describe('no change', () => {
  test('noise alone, a constant, and silence', () => {
    expect(isChange(shifted((i) => 100 + 0.5 * wobble(i)))).toBe(false);
    expect(isChange(shifted(() => 7))).toBe(false);
    expect(isChange(shifted(() => 0))).toBe(false);
    expect(shifted(() => Number.NaN)).toBeNull();
  });

  test('one spike, however high', () => {
    expect(isChange(shifted((i) => (i === 210 ? 1e9 : 100)))).toBe(false);
  });

  test('a wave around the level', () => {
    expect(isChange(shifted((i) => 100 + 30 * Math.sin((2 * Math.PI * i) / 60) + wobble(i)))).toBe(false);
  });

  test('a burst that comes every hour is not more than usual', () => {
    const shift = shifted((i) => 100 + (i % 60 < 5 ? 30 : 0) + wobble(i));
    expect(shift?.evidence).toBeLessThanOrEqual(1.1 * (shift?.usual ?? 0));
    expect(Math.abs(shift?.steps ?? 0)).toBeLessThanOrEqual(1.1 * (shift?.usualSteps ?? 0));
  });

  test('a difference below the least that counts', () => {
    const values = Float64Array.from({ length: POINTS }, (_, i) => (i >= 200 ? 0.001 : 0));
    const [any, some] = [0, 0.01].map((least) =>
      shiftOf(values, { end: FROM, least }, new Float64Array(POINTS)),
    );
    expect(isChange(any ?? null)).toBe(true);
    expect(isChange(some ?? null)).toBe(false);
  });

  test('without a past there is nothing to compare with', () => {
    expect(shifted((i) => (i < 176 ? Number.NaN : 5))).toBeNull();
  });
});

const values = fc.array(fc.oneof(fc.double(), fc.integer(), fc.constant(0)), { maxLength: 80 });

test('any numbers at all give a finite answer or none', () => {
  fc.assert(
    fc.property(values, fc.nat(90), (list, from) => {
      const shift = shiftOf(Float64Array.from(list), { end: from, least: 0 }, new Float64Array(list.length));
      for (const number of shift === null ? [] : Object.values(shift)) expect(number).not.toBeNaN();
    }),
  );
});

test('the unit of a series changes nothing', () => {
  const level = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 12, maxLength: 80 });
  fc.assert(
    fc.property(level, fc.integer({ min: -10, max: 10 }), (list, power) => {
      const [one, other] = [1, 2 ** power].map((unit) => {
        const scaled = Float64Array.from(list, (value) => unit * value * 1024);
        return shiftOf(scaled, { end: list.length >> 1, least: 0 }, new Float64Array(list.length));
      });
      expect(other?.steps).toBeCloseTo(one?.steps ?? 0, 6);
      expect(other?.onset).toBe(one?.onset);
    }),
  );
});

test('the k-th smallest value is the one of the sorted list', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1 }), fc.nat(), (list, n) => {
      const k = n % list.length;
      const sorted = Float64Array.from(list).sort();
      expect(selectInPlace(Float64Array.from(list), k, list.length)).toEqual(sorted[k]);
    }),
  );
});
