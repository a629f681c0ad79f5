import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseExposition } from '#tools/drivers/exposition.ts';

const wanted = new Set(['m', 'http_requests_total']);

test('reads values with and without labels, exponents and infinities, and passes over comments', () => {
  const text =
    '# HELP m x\n# TYPE m gauge\nm 1\nm{a="b",} 2.5e3 1700000000000\nother 4\nm{ a = "c" , d="+Inf" } +Inf\nm NaN\r\n';
  const { series, broken } = parseExposition(text, wanted);
  expect(broken).toBe(0);
  expect(series.map(({ value }) => value)).toEqual([1, 2500, Number.POSITIVE_INFINITY, Number.NaN]);
  expect(series[2]?.labels).toEqual(
    new Map([
      ['a', 'c'],
      ['d', '+Inf'],
    ]),
  );
});

test('label values come back as they were before escaping', () => {
  const value = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\r'));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 4 }), (values) => {
      const written = (text: string): string =>
        text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
      const labels = values.map((text, i) => `l${i}="${written(text)}"`).join(',');
      const { series, broken } = parseExposition(`m{${labels}} 7\n`, wanted);
      expect(broken).toBe(0);
      expect([...(series[0]?.labels.values() ?? [])]).toEqual(values);
    }),
  );
});

test('anything at all is read without an exception, and no line is counted twice', () => {
  const piece = fc.constantFrom(
    'm',
    '{',
    '}',
    '"',
    '\\',
    '=',
    ',',
    ' ',
    '\n',
    '1',
    '-',
    'e',
    'NaN',
    'a',
    '#',
    '\u0000',
    'é',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const text = pieces.join('');
      const { series, broken } = parseExposition(text, wanted);
      expect(series.length + broken).toBeLessThanOrEqual(text.split('\n').length);
    }),
  );
});

test.each(['m{', 'm{a="b"', 'm{a="b} 1', 'm{a=b} 1', 'm one', 'm 1 2 3', 'm', 'm{a="b"} 0x10', '9m 1'])(
  'a line like %s is counted as broken and harms no other line',
  (line) => {
    const { series, broken } = parseExposition(`m 1\n${line}\nm 2\n`, wanted);
    expect(broken).toBe(1);
    expect(series.map(({ value }) => value)).toEqual([1, 2]);
  },
);

test.each(['m{a="', 'm{a="b",', 'm ', 'm\t\t', 'm{a="\\', 'm 1 '])(
  'megabytes of %s take linear time',
  (piece) => {
    const began = performance.now();
    parseExposition(piece.repeat(200_000), wanted);
    expect(performance.now() - began).toBeLessThan(3000);
  },
);
