import { expect, test } from 'vitest';
import { type HoldsInput, holdsOf } from '#server/holds.ts';
import { holdReasons } from '#views/status.ts';

const fine: HoldsInput = {
  flags: {
    off: false,
    frozen: false,
    unverified: false,
    clockJumped: false,
    unreadLog: false,
    tampered: false,
  },
  log: { kind: 'ok' },
  executor: { kind: 'up', why: null },
};

const cases: readonly [Partial<HoldsInput>, string[]][] = [
  [{}, []],
  [{ executor: null }, []],
  [{ log: { kind: 'failed', reason: 'disk full', passing: true } }, ['log_failed']],
  [{ flags: { ...fine.flags, tampered: true, unverified: true } }, ['log_tampered']],
  [{ flags: { ...fine.flags, unverified: true } }, ['log_unverified']],
  [{ flags: { ...fine.flags, unreadLog: true, clockJumped: true } }, ['entries_unread', 'clock_behind']],
  [{ executor: { kind: 'down', why: 'it ended' } }, ['executor_down']],
  [{ executor: { kind: 'starting', why: null } }, ['executor_starting']],
  // What people switched off is said in its own words.
  [{ flags: { ...fine.flags, off: true, frozen: true } }, []],
];

test.each(cases)('%j holds changes back as %j', (over, reasons) => {
  expect(holdsOf({ ...fine, ...over }).map(({ reason }) => reason)).toEqual(reasons);
});

test('every reason is one that something causes', () => {
  expect(new Set(cases.flatMap(([, reasons]) => reasons))).toEqual(new Set(holdReasons));
});
