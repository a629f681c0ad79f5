import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonical, type JsonValue, parseJson } from '#core/canonical.ts';

const forbidden = ['__proto__', 'constructor', 'prototype', 'toString'];
const text = fc.string({ unit: 'grapheme' }).map((value) => value.normalize('NFC'));
const key = text.filter((value) => !forbidden.includes(value));
const json: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger().map((n) => n + 0),
    text,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value;

/** The same value with the keys of every object in another order. */
function shuffled(value: JsonValue): JsonValue {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(shuffled);
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, shuffled(member)]),
  );
}

function nested(depth: number): JsonValue {
  let value: JsonValue = [];
  for (let i = 1; i < depth; i += 1) value = [value];
  return value;
}

test('canonical text is JSON of the same value and its own canonical text', () => {
  fc.assert(
    fc.property(json, (value) => {
      const encoded = canonical(value);
      expect(JSON.parse(encoded)).toEqual(value);
      expect(canonical(JSON.parse(encoded))).toBe(encoded);
      expect(parseJson(encoded)).toEqual({ kind: 'ok', value });
    }),
  );
});

test('the order of keys does not change the text', () => {
  fc.assert(fc.property(json, (value) => canonical(shuffled(value)) === canonical(value)));
});

test('different values have different texts', () => {
  fc.assert(fc.property(json, json, (a, b) => isDeepStrictEqual(a, b) === (canonical(a) === canonical(b))));
});

test('keys are sorted by UTF-16 code units and text is escaped as RFC 8785 says', () => {
  const value = { '\uffee': 1, '\ud83d\ude00': 2, '\u20ac': 3, a: '\u0007\n"\\/\u2028\u00e9' };
  expect(canonical(value)).toBe(
    '{"a":"\\u0007\\n\\"\\\\/\u2028\u00e9","\u20ac":3,"\ud83d\ude00":2,"\uffee":1}',
  );
});

test.each<[string, unknown, string]>([
  ['a float', { a: [1, 0.5] }, '$.a[1]: not a safe integer'],
  ['an unsafe integer', 2 ** 53, '$: not a safe integer'],
  ['minus zero', { z: -0 }, '$.z: not a safe integer'],
  ['NaN', [Number.NaN], '$[0]: not a safe integer'],
  ['a lone surrogate', { a: '\ud800' }, '$.a: text with a lone surrogate'],
  ['text that is not NFC', { a: 'e\u0301' }, '$.a: text is not NFC'],
  ['undefined', { a: undefined }, '$.a: undefined is not JSON'],
  ['a hole in an array', new Array(1), '$[0]: undefined is not JSON'],
  ['a function', { toJSON: () => 1 }, '$.toJSON: function is not JSON'],
  ['a date', { at: new Date(0) }, '$.at: not a plain object'],
  ['a map', new Map(), '$: not a plain object'],
  ['a key named __proto__', JSON.parse('{"__proto__":1}'), '$.__proto__: forbidden key'],
  ['a key named constructor', { constructor: 1 }, '$.constructor: forbidden key'],
  ['33 levels', nested(33), `$${'[0]'.repeat(32)}: deeper than 32`],
  ['2001 values', new Array(2000).fill(1), '$[1999]: more than 2000 values'],
])('%s is refused by name of its path', (_name, value, message) => {
  expect(() => canonical(value as JsonValue)).toThrow(
    expect.objectContaining({ code: 'json_invalid', message }),
  );
});

test('32 levels and 2000 values are allowed', () => {
  expect(canonical(nested(32))).toBe('['.repeat(32) + ']'.repeat(32));
  expect(canonical(new Array(1999).fill(1))).toHaveLength(1999 * 2 + 1);
});

test('the strict parser agrees with JSON.parse on what JSON.stringify writes', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.integer({ min: 0, max: 2 }), (value, indent) => {
      const written = JSON.stringify(value, undefined, indent);
      const parsed = parseJson(written, { floats: true });
      if (parsed.kind === 'ok') expect(parsed.value).toEqual(JSON.parse(written));
      else expect(['forbidden_key', 'lone_surrogate']).toContain(parsed.reason);
    }),
  );
});

test('the strict parser never accepts what JSON.parse refuses', () => {
  const noise = fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0019-.eE truefalsn\n\u0001') });
  fc.assert(
    fc.property(noise, (written) => {
      if (parseJson(written, { floats: true }).kind === 'ok') JSON.parse(written);
    }),
    { numRuns: 5000 },
  );
});

test.each<[string, string]>([
  ['{"a":1,"a":1}', 'duplicate_key'],
  ['{"a":1,"\\u0061":1}', 'duplicate_key'],
  ['{"__proto__":{}}', 'forbidden_key'],
  ['{"a":{"constructor":1}}', 'forbidden_key'],
  ['[1.5]', 'number'],
  ['[-0]', 'number'],
  ['[9007199254740992]', 'number'],
  ['"\\ud800"', 'lone_surrogate'],
  ['', 'syntax'],
  ['{"a":1} x', 'syntax'],
  ['[1,]', 'syntax'],
  ['{"a" 1}', 'syntax'],
  ['"a', 'syntax'],
  ['"a\nb"', 'syntax'],
  ['01', 'syntax'],
  ['\ufeff{}', 'syntax'],
  ['['.repeat(33) + ']'.repeat(33), 'too_deep'],
  [`[${'1,'.repeat(2000)}1]`, 'too_many_nodes'],
])('the strict parser refuses bad text %#', (written, reason) => {
  expect(parseJson(written)).toEqual({ kind: 'invalid', reason });
});

test('floats are read when allowed, but nothing beyond them', () => {
  expect(parseJson('[1.5,-0.25e1,9007199254740993]', { floats: true })).toEqual({
    kind: 'ok',
    value: [1.5, -2.5, 9007199254740992],
  });
  expect(parseJson('1e999', { floats: true })).toEqual({ kind: 'invalid', reason: 'number' });
});

test.each([
  ['brackets', '['.repeat(262_144), 'too_deep'],
  ['braces', '{"a":'.repeat(50_000), 'too_deep'],
  ['quotes and backslashes', `"${'\\"'.repeat(131_000)}`, 'syntax'],
  ['backslashes', `"${'\\'.repeat(262_000)}`, 'syntax'],
  ['digits', '1'.repeat(262_144), 'number'],
  ['white space', `${' '.repeat(262_144)}x`, 'syntax'],
])('256 KiB of %s take no time and no stack', (_name, written, reason) => {
  const began = performance.now();
  expect(parseJson(written)).toEqual({ kind: 'invalid', reason });
  expect(performance.now() - began).toBeLessThan(500);
});
