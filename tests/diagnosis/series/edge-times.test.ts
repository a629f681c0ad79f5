import { expect, test } from 'vitest';
import { edgeTimes } from '#diagnosis/series/edge-times.ts';
import type { SpanTimes } from '#diagnosis/series/system.ts';
import { MINUTE } from './made.ts';

const AT = 10 * MINUTE + 1;
const every = Array.from({ length: 12 }, (_, i) => i * MINUTE);

function edgesOf(rowsAt: (late: boolean) => readonly Omit<SpanTimes, 'at' | 'p95'>[]) {
  const rows = every.flatMap((at) => rowsAt(at >= 10 * MINUTE).map((row) => ({ ...row, at, p95: row.p50 })));
  return edgeTimes({ spans: { buckets: every, rows }, at: AT });
}

test('client and server span of a call are paired by operation, whatever stands before it', () => {
  const edges = edgesOf((late) => [
    { caller: 'web', callee: 'web', operation: 'shop.Pay/Do', count: 9, p50: late ? 300 : 10 },
    { caller: 'web', callee: 'pay', operation: 'grpc.shop.Pay/Do', count: 9, p50: 8 },
  ]);
  expect(edges).toMatchObject([{ caller: 'web', callees: ['pay'], before: 2, after: 292 }]);
  expect(edges[0]?.steps).toBeGreaterThan(100);
});

test('time that the callee took itself is not time on the way', () => {
  const [edge] = edgesOf((late) => [
    { caller: 'web', callee: 'web', operation: 'Do', count: 9, p50: late ? 300 : 10 },
    { caller: 'web', callee: 'pay', operation: '/Do', count: 9, p50: late ? 298 : 8 },
  ]);
  expect(edge).toMatchObject({ before: 2, after: 2, steps: 0 });
});

test('spans that only name the HTTP method are compared with all that the caller called', () => {
  const [edge] = edgesOf((late) => [
    { caller: 'web', callee: 'web', operation: 'HTTP GET', count: 20, p50: late ? 110 : 10 },
    { caller: 'web', callee: 'cart', operation: '/cart/{id}', count: 10, p50: 4 },
    { caller: 'web', callee: 'pay', operation: '/pay', count: 10, p50: 8 },
  ]);
  expect(edge).toMatchObject({ callees: ['cart', 'pay'], before: 4, after: 104 });
});

test('an edge with too few calls, or seen only since the page, says nothing', () => {
  expect(
    edgesOf((late) => [
      { caller: 'web', callee: 'web', operation: 'Do', count: 2, p50: late ? 300 : 10 },
      { caller: 'web', callee: 'pay', operation: '/Do', count: 2, p50: 8 },
    ]),
  ).toEqual([]);
  expect(
    edgesOf((late) =>
      late
        ? [
            { caller: 'web', callee: 'web', operation: 'Do', count: 9, p50: 300 },
            { caller: 'web', callee: 'pay', operation: '/Do', count: 9, p50: 8 },
          ]
        : [],
    ),
  ).toEqual([]);
});

test('an operation that two callees serve is not paired with either', () => {
  expect(
    edgesOf((late) => [
      { caller: 'web', callee: 'web', operation: 'Do', count: 9, p50: late ? 300 : 10 },
      { caller: 'web', callee: 'pay', operation: 'Do', count: 9, p50: 8 },
      { caller: 'web', callee: 'cart', operation: 'Do', count: 9, p50: 8 },
    ]),
  ).toEqual([]);
});
