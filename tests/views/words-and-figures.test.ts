import fc from 'fast-check';
import { expect, test } from 'vitest';
import { band, compared, count, dollars, millis, signalValue } from '#views/numbers.ts';
import { columns, table, wrap } from '#views/table.ts';
import { ago, clockTime, duration, instant, until } from '#views/time.ts';

const T = Date.UTC(2026, 6, 1, 3, 12, 20);

test.each([
  ['error_ratio', '0.31', '31 %'],
  ['error_ratio', '0.0023', '0.23 %'],
  ['error_ratio', '0', '0 %'],
  ['latency_p95', '412.4', '412 ms'],
  ['latency_p95', '12500', '13 s'],
  ['latency_p95', '2900', '2.9 s'],
  ['request_rate', '119.6', '120 req/s'],
  ['saturation', '1', '100 %'],
  ['instances_up', '2', '2 up'],
  ['memory_use', null, 'not seen'],
] as const)('%s %s is written %s', (signal, value, text) => {
  expect(signalValue(signal, value)).toBe(text);
});

test('a figure stands beside what is normal, where that is known', () => {
  expect(compared('error_ratio', '0.31', '0.002')).toBe('31 % (normal 0.2 %)');
  expect(compared('error_ratio', '0.31', null)).toBe('31 %');
  expect(band('request_rate', '80', '120')).toBe('80 req/s to 120 req/s');
  expect(band('error_ratio', '0', '0.02')).toBe('at most 2 %');
});

test('money below a cent is not called nothing', () => {
  expect([0, 1, 9_999, 10_000, 40_000].map(dollars)).toEqual([
    '$0.00',
    'under $0.01',
    'under $0.01',
    '$0.01',
    '$0.04',
  ]);
  expect([count(1, 'entry', 'entries'), count(2, 'entry', 'entries'), millis(999)]).toEqual([
    '1 entry',
    '2 entries',
    '999 ms',
  ]);
});

test('times are local with their offset, and dated when the clock alone would mislead', () => {
  expect(clockTime(T, 'Europe/Berlin')).toBe('05:12:20');
  expect(instant(T, 'America/New_York')).toBe('2026-06-30 23:12 -04:00');
  expect(ago(T, { now: T + 7 * 60_000, zone: 'UTC' })).toBe('7 min ago (03:12)');
  expect(ago(T, { now: T + 26 * 3_600_000, zone: 'UTC' })).toBe('1 d 2 h ago (2026-07-01 03:12)');
  expect(until(T + 60_000, { now: T, zone: 'UTC' })).toBe('03:13 (in 60 s)');
  expect(until(T, { now: T, zone: 'UTC' })).toBe('03:12 (past)');
});

test.each([
  [-5, '0 ms'],
  [800, '800 ms'],
  [13_000, '13 s'],
  [7 * 60_000, '7 min'],
  [7_500_000, '2 h 5 min'],
  [7_200_000, '2 h'],
  [273_600_000, '3 d 4 h'],
])('%i ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test('wrapping keeps every word, keeps to the width, and never gives nothing', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z]{1,120}$/), { maxLength: 30 }),
      fc.integer({ min: 10, max: 80 }),
      (words, width) => {
        const lines = wrap(words.join(' '), { width, indent: 4 });
        expect(lines.length).toBeGreaterThan(0);
        for (const line of lines) expect(columns(line)).toBeLessThanOrEqual(width);
        expect(
          lines
            .map((line) => line.trim())
            .join('')
            .replaceAll(' ', ''),
        ).toBe(words.join(''));
      },
    ),
  );
});

test('a table is aligned and cut at 80 columns', () => {
  const lines = table(
    ['id', 'what'],
    [
      ['INC-1', 'x'.repeat(200)],
      ['INC-12', 'short'],
    ],
  );
  expect(lines[0]).toBe('id      what');
  expect(lines[2]).toBe('INC-12  short');
  expect(lines[1]).toHaveLength(80);
});
