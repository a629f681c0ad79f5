import { timingSafeEqual } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { sha256 } from '#core/hash.ts';
import { isToken } from '#intake/bearer.ts';

vi.mock('node:crypto', { spy: true });

test('a token is compared by its digest and in constant time, however it looks', () => {
  const compare = vi.mocked(timingSafeEqual);
  compare.mockClear();
  const known = sha256('correct-horse-battery');
  const tokens = ['correct-horse-battery', 'correct-horse-batterz', 'c', '', 'x'.repeat(1024)];
  expect(tokens.map((token) => isToken(token, known))).toEqual([true, false, false, false, false]);
  expect(compare.mock.calls.map((both) => both.map((bytes) => bytes.byteLength))).toEqual(
    tokens.map(() => [32, 32]),
  );
});
