import fc from 'fast-check';
import { expect, test } from 'vitest';
import { retryWait } from '#llm/retry.ts';

const random = (byte: number) => ({ bytes: (size: number) => Buffer.alloc(size, byte), uuid: () => 'u' });
const failed = { reason: 'overloaded', retryAfterMs: null, made: 1, leftMs: 60_000 } as const;

test('the wait is drawn from a range that doubles', () => {
  expect(retryWait(failed, random(0))).toBe(0);
  expect(retryWait(failed, random(0xff))).toBe(500);
  expect(retryWait({ ...failed, made: 2 }, random(0xff))).toBe(1000);
});

test('no wait goes past the end of the turn', () => {
  expect(retryWait({ ...failed, leftMs: 100 }, random(0xff))).toBeNull();
  expect(retryWait({ ...failed, retryAfterMs: 15_000, leftMs: 10_000 }, random(0))).toBeNull();
});

test('a wait is never shorter than what the provider asked for, and never longer than 30 s', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1, max: 10 ** 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 255 }),
      (retryAfterMs, made, byte) => {
        const wait = retryWait({ reason: 'rate_limited', retryAfterMs, made, leftMs: 120_000 }, random(byte));
        if (wait === null) return;
        expect(wait).toBeGreaterThanOrEqual(Math.max(0, retryAfterMs));
        expect(wait).toBeLessThanOrEqual(30_000);
        expect(made).toBeLessThanOrEqual(2);
      },
    ),
  );
});
