import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clip, inert } from '#core/inert.ts';

test.each([
  ['colour', '\u001b[31mred', '\\x1b[31mred'],
  ['window title', '\u001b]0;owned\u0007', '\\x1b]0;owned\\x07'],
  ['line break', 'a\r\nb\tc', 'a\\r\\nb\\tc'],
  ['eight-bit control', '\u009b31m', '\\x9b31m'],
  ['bidi override', 'user\u202egpj.exe', 'user\\u{202e}gpj.exe'],
  ['bidi isolate', '\u2066a\u2069', '\\u{2066}a\\u{2069}'],
  ['zero width', 'pass\u200bword\ufeff', 'pass\\u{200b}word\\u{feff}'],
  ['tag characters', 'a\u{e0041}', 'a\\u{e0041}'],
  ['line separator', 'a\u2028b', 'a\\u{2028}b'],
  ['half a character', 'a\ud800b', 'a\\u{d800}b'],
  ['filler that looks empty', 'a\u3164b', 'a\\u{3164}b'],
  ['soft hyphen', 'a\u00adb', 'a\\xadb'],
])('shows %s instead of letting it act', (_, text, shown) => {
  expect(inert(text)).toBe(shown);
});

test('leaves letters of every script alone', () => {
  for (const text of ['Grüße, 你好, привет', '31 % errors', 'naïve 🙂']) expect(inert(text)).toBe(text);
});

test('the result is one line in normal form that is inert already', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const shown = inert(text);
      expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect(inert(shown)).toBe(shown);
      expect(shown.isWellFormed()).toBe(true);
      expect(shown.normalize('NFC')).toBe(shown);
    }),
  );
});

test('a clipped text is no longer than asked and holds no half characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, max) => {
      const short = clip(text, max);
      expect(short.length).toBeLessThanOrEqual(max);
      expect(short.isWellFormed()).toBe(true);
      if (text.length <= max) expect(short).toBe(text);
    }),
  );
});
