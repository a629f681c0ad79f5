import fc from 'fast-check';
import { expect, test } from 'vitest';
import { groupByTemplate, logTemplate } from '#tools/read/log-template.ts';

test.each([
  ['request 1234 took 5.2 ms', 'request <n> took <n> ms'],
  ['user 550e8400-e29b-41d4-a716-446655440000 gone', 'user <id> gone'],
  ['commit deadbeef01 by "Bob O\'Hara"', 'commit <hex> by <text>'],
  ['at 2026-01-05T03:12:00.123Z retry', 'at <time> retry'],
  ['connect to 10.0.4.7:5432 failed', 'connect to <address> failed'],
  ["can't open 'a b'", "can't open <text>"],
  ['TypeError: price', 'TypeError: price'],
  ['HTTP/1.1 503 from v42', 'HTTP/<n> <n> from v42'],
])('%s becomes %s', (line, template) => {
  expect(logTemplate(line)).toBe(template);
});

test('lines that differ in numbers only are one group, the most frequent first', () => {
  const lines = [{ at: 5, message: 'b' }, ...[3, 2, null].map((at, i) => ({ at, message: `a ${i}` }))];
  expect(groupByTemplate(lines)).toEqual([
    { template: 'a <n>', count: 3, firstAt: 2 },
    { template: 'b', count: 1, firstAt: 5 },
  ]);
});

test('any text becomes one harmless line of at most 200 characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
      const template = logTemplate(text);
      expect(template.length).toBeLessThanOrEqual(200);
      expect(template).not.toMatch(/[\p{Cc}\p{Cs}]/u);
    }),
  );
});

test('a huge line costs little', () => {
  const began = performance.now();
  for (const piece of ['a', '1', '"', "'", 'f0', '1.', '0x']) logTemplate(piece.repeat(1_000_000));
  expect(performance.now() - began).toBeLessThan(2000);
});
