import { expect, test } from 'vitest';
import { logClues } from '#diagnosis/logs/log-clues.ts';
import { logChanges } from '#diagnosis/logs/novelty.ts';
import type { LogCount } from '#diagnosis/series/system.ts';

const MINUTE = 60_000;
const buckets = Array.from({ length: 12 }, (_, i) => i * MINUTE);
const AT = 10 * MINUTE + 20_000;

type Kind = Partial<LogCount> & { before: number; after: number };

/** Per minute: so many lines before the page, so many since. */
function changesOf(kinds: readonly Kind[], at = AT) {
  const rows = kinds.flatMap(({ before, after, ...kind }) =>
    buckets.map((bucket): LogCount => {
      const count = bucket < 10 * MINUTE ? before : after;
      return { service: 'a', template: 'k', isError: false, ...kind, at: bucket, count };
    }),
  );
  return logChanges({ logs: { buckets, rows: rows.filter(({ count }) => count > 0) }, at });
}

test('a kind of line that was never written before is new', () => {
  const [change] = changesOf([
    { template: 'usual', before: 40, after: 40 },
    { template: 'oops', isError: true, before: 0, after: 6 },
  ]);
  expect(change).toMatchObject({ template: 'oops', isNew: true, before: 0, after: 12 });
  expect(change?.surprise).toBeGreaterThan(3);
});

test('a kind that is written more often is more surprising the more it rose', () => {
  const changes = changesOf([
    { template: 'filler', before: 300, after: 300 },
    { template: 'some', before: 5, after: 10 },
    { template: 'many', before: 5, after: 30 },
    { template: 'same', before: 5, after: 5 },
  ]);
  expect(changes.map(({ template }) => template)).toEqual(['many', 'some']);
});

test('a system that is twice as busy writes twice as much, and that is no news', () => {
  const changes = changesOf(['k', 'l', 'm'].map((template) => ({ template, before: 30, after: 60 })));
  expect(Math.max(0, ...changes.map(({ surprise }) => surprise))).toBeLessThan(0.5);
});

test('without a time before there is nothing to compare with', () => {
  expect(changesOf([{ before: 0, after: 6 }], -MINUTE)).toEqual([]);
  expect(logChanges({ logs: { buckets: [], rows: [] }, at: AT })).toEqual([]);
});

test('errors weigh more than other new lines, and those of a callee more than those of its caller', () => {
  const changes = changesOf([
    { template: 'usual', before: 100, after: 100 },
    { service: 'a', template: 'cannot pay', isError: true, before: 0, after: 9 },
    { service: 'b', template: 'no card', isError: true, before: 0, after: 9 },
    { service: 'c', template: 'hello', before: 0, after: 9 },
  ]);
  const strength = new Map(
    logClues(changes, [['a', 'b']]).map(({ service, strength: own }) => [service, own]),
  );
  expect(strength.get('b')).toBeGreaterThan(strength.get('a') ?? 1);
  expect(strength.get('b')).toBeGreaterThan(strength.get('c') ?? 1);
});

test('what may be chance is no clue', () => {
  const changes = changesOf([
    { template: 'usual', before: 100, after: 100 },
    { template: 'rare', isError: true, before: 1, after: 2 },
  ]);
  expect(logClues(changes, [])).toEqual([]);
});
