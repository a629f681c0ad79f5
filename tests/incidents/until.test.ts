import fc from 'fast-check';
import { expect, test } from 'vitest';
import { untilOf } from '#incidents/until.ts';

const now = Date.parse('2026-01-05T17:00:30+01:00');
const until = (text: string, zone = 'Europe/Berlin') => untilOf(text, { now, zone });

test.each([
  ['90m', now + 90 * 60_000],
  [' 2h ', now + 2 * 3_600_000],
  ['3d', now + 3 * 86_400_000],
  ['18:30', Date.parse('2026-01-05T18:30+01:00')],
  ['17:00', Date.parse('2026-01-06T17:00+01:00')],
  ['9:05', Date.parse('2026-01-06T09:05+01:00')],
  ['2026-01-31T18:00+01:00', Date.parse('2026-01-31T17:00Z')],
])('%s is a time that can be meant', (text, at) => {
  expect(until(text)).toBe(at);
});

test.each([
  '',
  '0m',
  '2',
  '-2h',
  '25:00',
  '2 hours',
  'tomorrow',
  '2026-01-01T00:00Z',
  '2026-01-31',
  '2026-13-01T00:00Z',
])('"%s" is none', (text) => {
  expect(until(text)).toBeUndefined();
});

test('whatever is typed, the answer is a time to come or none', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{0,5}[mhd:]\d{0,2}$/)), (text) => {
      const at = until(text);
      if (at !== undefined) expect(at).toBeGreaterThan(now);
    }),
  );
});
