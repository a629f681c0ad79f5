import { expect, test } from 'vitest';
import { createAlertBook } from '#demo/alert-book.ts';
import type { PagedAlert } from '#demo/alertmanager.ts';
import {
  type AlertState,
  addWindows,
  type Condition,
  type Counts,
  createBaseline,
  increase,
  nextState,
  requestConditions,
} from '#demo/pager-rules.ts';

/** Counts where `slow` of the requests took between 250 and 500 ms and the others under 25 ms. */
function counts(requests: number, errors: number, slow = 0): Counts {
  const quick = requests - slow;
  const buckets = new Map([
    [0.025, quick],
    [0.25, quick],
    [0.5, requests],
    [Number.POSITIVE_INFINITY, requests],
  ]);
  return { requests, errors, buckets };
}
const holding = (window: Counts, baseline: { usual: number | undefined; sensitive: boolean }): string[] =>
  requestConditions('checkout', window, baseline)
    .filter(({ holds }) => holds)
    .map(({ alertname }) => alertname);
const usual = { usual: 0.02, sensitive: false };

test('a counter that fell was reset, so its new value is the increase', () => {
  expect(increase(counts(100, 4), counts(130, 5)).requests).toBe(30);
  expect(increase(counts(100, 4), counts(7, 2))).toMatchObject({ requests: 7, errors: 2 });
  expect(increase(undefined, counts(900, 90)).requests).toBe(0);
});

test('windows of several instances add up', () => {
  const sum = addWindows([counts(10, 1), counts(30, 2, 5)]);
  expect(sum).toMatchObject({ requests: 40, errors: 3 });
  expect(sum.buckets.get(0.25)).toBe(35);
});

test('more than 5 % errors is too many, exactly 5 % is not', () => {
  expect(holding(counts(100, 6), usual)).toEqual(['HighErrorRate']);
  expect(holding(counts(100, 5), usual)).toEqual([]);
});

test('a window with fewer than 5 requests says nothing', () => {
  expect(holding(counts(4, 4), usual)).toEqual([]);
});

test('latency is judged by four times what is usual, and by 500 ms at most', () => {
  expect(holding(counts(100, 0, 20), usual)).toEqual(['HighLatency']);
  expect(holding(counts(100, 0, 20), { usual: 0.3, sensitive: false })).toEqual([]);
  expect(holding(counts(100, 0, 20), { usual: undefined, sensitive: false })).toEqual([]);
});

test('an over-sensitive latency rule holds in a healthy window', () => {
  expect(holding(counts(100, 0), usual)).toEqual([]);
  expect(holding(counts(100, 0), { ...usual, sensitive: true })).toEqual(['HighLatency']);
});

test('an alert fires after 2 s, and is over only after 2 s of calm', () => {
  let state: AlertState = { kind: 'quiet' };
  const at = (now: number, holds: boolean): string => {
    state = nextState(state, holds, now);
    return state.kind;
  };
  expect([at(0, true), at(1500, true), at(1600, false)]).toEqual(['pending', 'pending', 'quiet']);
  expect([at(3000, true), at(4900, true), at(5000, true)]).toEqual(['pending', 'pending', 'firing']);
  expect(state).toMatchObject({ startsAt: 3000 });
  expect([at(6000, false), at(7000, true), at(8000, false)]).toEqual(['firing', 'firing', 'firing']);
  expect([at(9900, false), at(10_000, false)]).toEqual(['firing', 'quiet']);
});

test('a baseline needs six evaluations and is their median', () => {
  const baseline = createBaseline();
  for (const p95 of [0.02, 0.02, 0.03, 0.02, 9]) baseline.add(p95);
  expect(baseline.p95()).toBeUndefined();
  baseline.add(0.02);
  expect(baseline.p95()).toBe(0.02);
});

test('the book pages once when an alert starts and once when its subject disappears', () => {
  const paged: PagedAlert[] = [];
  const book = createAlertBook((alert) => paged.push(alert));
  const down: Condition = {
    key: 'checkout-1',
    alertname: 'InstanceDown',
    labels: { service: 'checkout', instance: 'checkout-1' },
    summary: 'down',
    holds: true,
  };
  for (const now of [0, 1000, 2000, 3000]) book.take([down], now);
  expect(paged).toMatchObject([{ alertname: 'InstanceDown', startsAt: 0, endsAt: undefined }]);
  expect(book.firing()).toHaveLength(1);
  for (const now of [4000, 5000, 6000, 7000]) book.take([], now);
  expect(paged).toHaveLength(2);
  expect(paged[1]).toMatchObject({ startsAt: 0, endsAt: 6000 });
  expect(book.firing()).toEqual([]);
});
