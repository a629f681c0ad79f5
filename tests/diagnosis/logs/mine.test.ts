import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mineTemplates } from '#diagnosis/logs/mine.ts';

const NAMES = ['ada', 'bea', 'cid', 'dan', 'eva', 'fay', 'gus', 'hal', 'ida', 'jan', 'kim', 'lea'];

test('a place with many different words is a value', () => {
  const kinds = new Set(mineTemplates(NAMES.map((name, i) => `user ${name} logged in after ${i} s`)));
  expect([...kinds]).toEqual(['user <*> logged in after <n> s']);
});

test('a few kinds of lines that differ in one word stay apart', () => {
  const lines = ['cache is cold', 'cache is warm', 'cache is full'];
  expect(mineTemplates(lines)).toEqual(lines);
});

test('many kinds of equally long lines do not melt into one', () => {
  const lines = NAMES.map((name, i) => `INFO ${name} does ${NAMES[(i * 5 + 1) % 12]} things`);
  expect(new Set(mineTemplates(lines)).size).toBe(12);
});

test('values in two places are found one after the other', () => {
  const lines = NAMES.flatMap((a) => NAMES.map((b) => `${a} pays ${b}`));
  expect([...new Set(mineTemplates(lines))]).toEqual(['<*> pays <*>']);
});

test('the order of the lines changes nothing', () => {
  const word = fc.constantFrom(...NAMES);
  const line = fc.tuple(word, fc.constantFrom('is', 'has'), word).map((words) => words.join(' '));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), fc.infiniteStream(fc.nat()), (lines, order) => {
      const shuffled = lines
        .map((text) => ({ text, at: order.next().value ?? 0 }))
        .sort((a, b) => a.at - b.at)
        .map(({ text }) => text);
      const kinds = new Map(shuffled.map((text, i) => [text, mineTemplates(shuffled)[i]]));
      expect(mineTemplates(lines)).toEqual(lines.map((text) => kinds.get(text)));
    }),
  );
});

test('any text has a kind, and the same text the same one', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 300 }), { maxLength: 30 }), (lines) => {
      const kinds = mineTemplates([...lines, ...lines]);
      expect(kinds).toHaveLength(2 * lines.length);
      expect(kinds.slice(0, lines.length)).toEqual(kinds.slice(lines.length));
    }),
  );
});

test('two thousand long lines of hostile text cost little', () => {
  const pieces = ['a ', '1', '"', "' ", 'f0', '1.', '0x', '<*> '];
  const lines = Array.from({ length: 2000 }, (_, i) => `${i} ${(pieces[i % 8] ?? '').repeat(5000)}`);
  const varied = Array.from({ length: 2000 }, (_, i) =>
    Array.from({ length: 40 }, (_, k) => `w${NAMES[(i * 7 + k * k) % 12]}${k}`).join(' '),
  );
  const began = performance.now();
  mineTemplates([...lines, ...varied]);
  expect(performance.now() - began).toBeLessThan(3000);
});
