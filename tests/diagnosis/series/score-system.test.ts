import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scoreSystem } from '#diagnosis/series/score-system.ts';
import type { LogCount, SpanTimes, SystemView } from '#diagnosis/series/system.ts';
import { type Made, MINUTE, type Shape, timeAt, viewOf, wobble } from './made.ts';

const POINTS = 120;
const FAULT = 100;

/** Around a level, with its own noise; moved by `by` from the fault on. */
function around(level: number, seed: number, by = 0): Shape {
  return (i) => level + 0.02 * level * wobble(i, seed) + (i >= FAULT ? by : 0);
}

const made = (part: Partial<Made> & Pick<Made, 'series'>): SystemView =>
  viewOf({ points: POINTS, at: FAULT + 2, ...part });

const first = (view: SystemView): string | undefined => scoreSystem(view).ranked[0]?.service;

describe('origin and callers', () => {
  const page = { service: 'web', metric: 'wait' };
  const calls: SystemView['calls'] = [
    ['web', 'cart'],
    ['web', 'search'],
    ['cart', 'store'],
  ];
  const waits = {
    web: { wait: around(100, 1, 200) },
    cart: { wait: around(50, 2, 200) },
    store: { wait: around(10, 3, 190) },
    search: { wait: around(40, 4) },
  };

  test('the last one of a chain of slow services is the origin', () => {
    const { verdict, ranked } = scoreSystem(made({ series: waits, page, calls }));
    expect(verdict).toBe('fault');
    expect(ranked.map(({ service }) => service)).toEqual(['store', 'cart', 'web']);
    expect(ranked[0]?.onset).toBe(timeAt(FAULT));
    expect(ranked[0]?.why[0]).toMatchObject({ kind: 'level', metric: 'wait' });
  });

  test('a callee that changed too little to explain its caller is not', () => {
    const series = { ...waits, store: { wait: around(10, 3, 3) } };
    expect(first(made({ series, page, calls }))).toBe('cart');
  });

  test('a callee that changed at another time stands behind one that changed with the page', () => {
    const search: Shape = (i) => (i >= 89 ? 250 : 40 + wobble(i, 4));
    expect(first(made({ series: { ...waits, search: { wait: search } }, page, calls }))).toBe('store');
  });

  test('a callee of which nothing is measured does not end the way', () => {
    const { cart: _, ...series } = waits;
    expect(first(made({ series, page, calls }))).toBe('store');
  });

  test('calls in a circle end the walk', () => {
    const circle: SystemView['calls'] = [...calls, ['store', 'web']];
    expect(scoreSystem(made({ series: waits, page, calls: circle })).ranked).toHaveLength(3);
  });
});

describe('without known calls', () => {
  test('what one service shows alone outweighs what all show', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const series = Object.fromEntries(
      names.map((name, n) => [
        name,
        { wait: around(100, n, 500), load: around(20, n + 9, name === 'c' ? 60 : 0) },
      ]),
    );
    const { verdict, ranked } = scoreSystem(made({ series }));
    expect(verdict).toBe('fault');
    expect(ranked[0]).toMatchObject({ service: 'c', why: [{ kind: 'level', metric: 'load' }, {}] });
    expect(ranked[0]?.confidence).toBeGreaterThan(2 * (ranked[1]?.confidence ?? 100));
  });

  test.each([-2, 0, 5, 10])('a page that is off by %i minutes finds the same', (late) => {
    const series = { a: { load: around(20, 1, 60) }, b: { load: around(20, 2) } };
    expect(first(made({ series, at: FAULT + late }))).toBe('a');
  });

  test('a deployment shortly before decides between two that look alike', () => {
    const series = { a: { load: around(20, 1, 60) }, b: { load: around(20, 1, 60) } };
    const changes = [{ service: 'b', at: timeAt(FAULT - 3) }];
    expect(first(made({ series }))).toBe('a');
    expect(first(made({ series, changes }))).toBe('b');
    const after = [{ service: 'b', at: timeAt(FAULT + 3) }];
    expect(first(made({ series, changes: after }))).toBe('a');
  });
});

describe('no culprit', () => {
  const calm = { web: { wait: around(100, 1) }, cart: { wait: around(50, 2) } };

  test('a page whose own signal is inside its normal range is healthy', () => {
    const page = { service: 'web', metric: 'wait' };
    const calls: SystemView['calls'] = [['web', 'cart']];
    expect(scoreSystem(made({ series: calm, page, calls }))).toEqual({ verdict: 'healthy', ranked: [] });
  });

  test('a system in which nothing changed is healthy', () => {
    expect(scoreSystem(made({ series: calm })).verdict).toBe('healthy');
  });

  test('what was hardly seen is not called healthy', () => {
    const series = { web: { wait: around(100, 1) }, cart: { wait: () => null, load: () => null } };
    expect(scoreSystem(made({ series })).verdict).toBe('unclear');
    expect(scoreSystem(made({ series: {} })).verdict).toBe('unclear');
  });

  test('what a series does every hour names no one', () => {
    const restless: Shape = (i) => 20 + (i % 20 < 4 ? 30 : 0) + wobble(i);
    expect(scoreSystem(made({ series: { ...calm, job: { load: restless } } })).verdict).not.toBe('fault');
  });
});

describe('the kind of data that sees the fault', () => {
  const series = {
    web: { load: around(20, 1, 2) },
    cart: { load: around(20, 2) },
    pay: { load: around(20, 3) },
  };
  const every = Array.from({ length: 10 }, (_, i) => timeAt(93 + i));

  test('time lost between two services points to the callee that all wait for', () => {
    const spans = every.flatMap((at) => {
      const late = at >= timeAt(FAULT + 1) ? 400 : 0;
      return ['web', 'cart'].flatMap((caller): SpanTimes[] =>
        ['pay', 'mail'].flatMap((callee): SpanTimes[] => {
          const row = { at, caller, operation: `shop.${callee}/Do`, count: 20 };
          const wait = 12 + (callee === 'pay' ? late : 0);
          return [
            { ...row, callee: caller, p50: wait, p95: wait + 5 },
            { ...row, callee, p50: 8, p95: 12 },
          ];
        }),
      );
    });
    const { ranked } = scoreSystem(made({ series, spans }));
    expect(ranked[0]).toMatchObject({ service: 'pay', why: [{ kind: 'between', before: 4.5 }] });
  });

  test('new errors of a callee outweigh those of its caller', () => {
    const logs = every.flatMap((at): LogCount[] => {
      const row = { at, isError: true, count: 6 };
      const usual = { at, service: 'web', template: 'request done', isError: false, count: 50 };
      if (at <= timeAt(FAULT + 1)) return [usual];
      return [
        usual,
        { ...row, service: 'web', template: 'cannot pay' },
        { ...row, service: 'pay', template: 'no such card <n>' },
      ];
    });
    const { ranked } = scoreSystem(made({ series, logs, calls: [['web', 'pay']] }));
    expect(ranked[0]).toMatchObject({ service: 'pay', why: [{ kind: 'log', isNew: true }] });
  });
});

const shape = fc.array(fc.oneof(fc.double(), fc.constant(Number.NaN), fc.integer()), { maxLength: 40 });
const anyView = fc.record({
  at: fc.integer({ min: -5, max: 50 }),
  series: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('x', 'y'), shape), {
    maxLength: 8,
  }),
  calls: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('a', 'b', 'c')), {
    maxLength: 6,
  }),
  page: fc.option(fc.record({ service: fc.constantFrom('a', 'z'), metric: fc.constantFrom('x', null) })),
  spans: fc.array(
    fc.record({
      at: fc.nat(40).map((i) => i * MINUTE),
      caller: fc.constantFrom('a', 'b'),
      callee: fc.constantFrom('a', 'b', 'c'),
      operation: fc.constantFrom('GET', 'do', '/do'),
      count: fc.double(),
      p50: fc.double(),
      p95: fc.double(),
    }),
    { maxLength: 12 },
  ),
  logs: fc.array(
    fc.record({
      at: fc.nat(40).map((i) => i * MINUTE),
      service: fc.constantFrom('a', 'b'),
      template: fc.constantFrom('k', 'l'),
      isError: fc.boolean(),
      count: fc.double(),
    }),
    { maxLength: 12 },
  ),
});

const bucketsOf = (rows: readonly { at: number }[]): number[] =>
  [...new Set(rows.map(({ at }) => at))].sort((a, b) => a - b);

test('any input at all is ranked, with numbers in their ranges', () => {
  fc.assert(
    fc.property(anyView, ({ at, series, calls, page, spans, logs }) => {
      const { verdict, ranked } = scoreSystem({
        t: Float64Array.from({ length: 40 }, (_, i) => i * MINUTE),
        series: series.map(([service, metric, values]) => ({
          service,
          metric,
          values: Float64Array.from({ length: 40 }, (_, i) => values[i] ?? Number.NaN),
        })),
        at: at * MINUTE,
        page,
        calls,
        spans: { buckets: bucketsOf(spans), rows: spans },
        logs: { buckets: bucketsOf(logs), rows: logs },
        changes: [],
      });
      expect(['fault', 'healthy', 'unclear']).toContain(verdict);
      for (const { score, confidence } of ranked) {
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
        expect(Number.isInteger(confidence) && confidence >= 0 && confidence <= 100).toBe(true);
      }
    }),
  );
});

test('the order in which series and calls are given changes nothing', () => {
  const names = ['a', 'b', 'c', 'd'];
  const view = made({
    series: Object.fromEntries(
      names.map((name, n) => [
        name,
        { wait: around(100, n, n === 1 ? 90 : 40 * n), load: around(20, n, n === 2 ? 60 : 0) },
      ]),
    ),
    calls: [
      ['a', 'b'],
      ['b', 'c'],
      ['a', 'd'],
    ],
    page: { service: 'a', metric: null },
  });
  const expected = scoreSystem(view);
  expect(expected.ranked.length).toBeGreaterThan(1);
  fc.assert(
    fc.property(
      fc.shuffledSubarray([...view.series], { minLength: view.series.length }),
      fc.shuffledSubarray([...view.calls], { minLength: view.calls.length }),
      (series, calls) => {
        expect(scoreSystem({ ...view, series, calls })).toEqual(expected);
      },
    ),
    { numRuns: 30 },
  );
});
