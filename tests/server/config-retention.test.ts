import { expect, test } from 'vitest';
import { retention } from '#server/config-retention.ts';

const DAY = 24 * 3_600_000;

test.each([
  ['nothing', {}, 90 * DAY],
  ['days', { payloads: '7d', entries: 'forever' }, 7 * DAY],
  ['for ever', { payloads: 'forever' }, null],
])('what is kept how long: %s', (_, said, payloads) => {
  expect(retention.parse(said)).toEqual({ payloads, entries: 'forever' });
});

test.each([
  { payloads: '0d' },
  { payloads: '12h' },
  { payloads: '-1d' },
  { payloads: '' },
  { entries: '90d' },
  { entrys: 'forever' },
])('%j is refused', (said) => {
  expect(retention.safeParse(said).success).toBe(false);
});
