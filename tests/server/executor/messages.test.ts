import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineCutter, MAX_LINE, Order, readLine, Said } from '#server/executor/messages.ts';

function cut(chunks: readonly string[]): { lines: string[]; tooLong: number } {
  const lines: string[] = [];
  let tooLong = 0;
  const hear = lineCutter(
    (line) => lines.push(line),
    () => {
      tooLong += 1;
    },
  );
  for (const chunk of chunks) hear(chunk);
  return { lines, tooLong };
}

test('lines are the same however the text is cut into pieces', () => {
  const line = fc.string({ maxLength: 40 }).map((text) => text.replaceAll('\n', ' '));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(400)), (lines, cuts) => {
      const text = lines.map((one) => `${one}\n`).join('');
      const places = [
        0,
        ...cuts.map((at) => Math.min(at, text.length)).toSorted((a, b) => a - b),
        text.length,
      ];
      const chunks = places.slice(1).map((to, at) => text.slice(places[at], to));
      expect(cut(chunks)).toEqual({ lines, tooLong: 0 });
    }),
  );
});

test('a line that is longer than agreed ends it, and nothing after it is heard', () => {
  const long = 'x'.repeat(MAX_LINE + 1);
  expect(cut(['a\n', long, '\nb\n'])).toEqual({ lines: ['a'], tooLong: 1 });
  expect(cut([`a\n${long}\nb\n`, 'c\n'])).toEqual({ lines: ['a'], tooLong: 1 });
});

test('whatever a line holds, it is a message or nothing', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
      expect(readLine(Order, line)).toBeUndefined();
      expect(['undefined', 'object']).toContain(typeof readLine(Said, line));
    }),
  );
  expect(readLine(Said, '{"kind":"ready"}')).toEqual({ kind: 'ready' });
  expect(readLine(Said, '{"kind":"ready","more":1}')).toBeUndefined();
  expect(
    readLine(Said, '{"kind":"outcome","id":0,"outcome":{"kind":"unknown","detail":""}}'),
  ).toBeUndefined();
});
