import { expect, test } from 'vitest';
import { CallId } from '#core/ids.ts';
import { heldBackUntil, NOTICE_MS, type Notice } from '#incidents/notices.ts';

const told = (over: Partial<Notice> = {}): Notice => ({
  call: CallId.parse('e1'),
  tool: 'page_note',
  page: 'P1',
  about: 'cause',
  ref: null,
  rung: null,
  severity: 'error',
  sha256: null,
  begunAt: 1000,
  outcome: 'ok',
  reason: null,
  endedAt: 1010,
  ...over,
});
const wanted = {
  call: CallId.parse('e2'),
  tool: 'page_note',
  page: 'P1',
  about: 'cause',
  severity: 'error',
} as const;
const NOW = 1000 + NOTICE_MS - 1;

test('the next notice about the same waits until the last one is half an hour old', () => {
  expect(heldBackUntil([told()], wanted, NOW)).toBe(1000 + NOTICE_MS);
  expect(heldBackUntil([told()], wanted, NOW + 1)).toBeNull();
  expect(heldBackUntil([told({ outcome: null })], wanted, NOW)).toBe(1000 + NOTICE_MS);
});

test.each([
  ['nobody was told', told({ outcome: 'gap' }), {}],
  ['it is not known whether somebody was', told({ outcome: 'unknown' }), {}],
  ['it is this very call', told({ call: wanted.call, outcome: null }), {}],
  ['it was about another page', told({ page: 'P2' }), {}],
  ['it was about something else', told({ about: 'people' }), {}],
  ['it has become worse', told(), { severity: 'critical' }],
  ['somebody is waited for', told({ about: 'approval' }), { about: 'approval' }],
] as const)('nothing is held back when %s', (_, notice, over) => {
  expect(heldBackUntil([notice], { ...wanted, ...over }, NOW)).toBeNull();
});

test('what has become better waits', () => {
  expect(heldBackUntil([told()], { ...wanted, severity: 'info' }, NOW)).not.toBeNull();
});
