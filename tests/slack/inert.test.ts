import fc from 'fast-check';
import { expect, test } from 'vitest';
import { label, plain, quoted } from '#slack/inert.ts';

/** Any UTF-16 code unit, halves of pairs too. */
const anyUnit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));

const hostile = fc.oneof(
  fc.string({ unit: anyUnit, maxLength: 300 }),
  fc
    .array(
      fc.constantFrom(
        ...[
          '<!here>',
          '<!channel>',
          '<@U0ALICE>',
          '<#C0SHOP|x>',
          '<https://evil.example|Approve>',
          '@channel',
        ],
        ...[
          '*bold*',
          '_it_',
          '~no~',
          '`code`',
          '```',
          '>quote',
          '&lt;!here&gt;',
          '&amp;',
          ':fire:',
          '\n',
          ' ',
        ],
        ...[
          'https://evil.example',
          'evil.example',
          'a@evil.example',
          '\u202e',
          '\u200b',
          '#general',
          '|',
          'x',
        ],
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.join('')),
);
const entity = /&(?:amp|lt|gt);/g;

test('no foreign text can make a mention, link, channel or date: no angle bracket and no bare ampersand is left', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      for (const safe of [quoted(text), label(text)]) {
        expect(safe).not.toMatch(/[<>\n\r]/);
        expect(safe.replace(entity, '')).not.toContain('&');
      }
    }),
  );
});

test('a quotation is one run of code: its only backticks are the first and the last character', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const safe = quoted(text);
      if (safe !== '“”') expect(safe).toMatch(/^`[^`]+`$/);
    }),
  );
});

test('a name holds nothing that Slack formats, expands or links', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const safe = label(text).replace(entity, '');
      expect(safe).not.toMatch(/[*~`@#!]|:\/\//);
      expect(safe).not.toMatch(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/u);
      expect(safe).not.toMatch(/:[\w+-]{1,100}:/);
      expect(safe).not.toMatch(/[\p{L}\p{N}]\.\p{L}{2,}/u);
      expect(label(text)).not.toMatch(/^(?:&gt;|>)/);
    }),
  );
});

test('what is sent is never longer than asked, also when every sign grows', () => {
  fc.assert(
    fc.property(hostile, fc.integer({ min: 3, max: 120 }), (text, max) => {
      expect(quoted(text, max).length).toBeLessThanOrEqual(max);
      expect(label(text, max).length).toBeLessThanOrEqual(max);
      expect(plain(text, max).length).toBeLessThanOrEqual(max);
    }),
  );
  expect(quoted('&'.repeat(500), 50)).toHaveLength(48);
});

test('names that people copy stay as they are', () => {
  for (const name of [
    'checkout',
    'payment_api',
    'shop-eu-1',
    'v42 -> v41'.replace('>', '›'),
    'Ana Díaz',
    '31 %',
  ])
    expect(label(name)).toBe(name);
  expect(label('a.b and 1.27')).toBe('a.b and 1.27');
});

test('what was said can still be read', () => {
  expect(quoted('TypeError: price & <b>')).toBe('`TypeError: price &amp; &lt;b&gt;`');
  expect(quoted('a `b` c')).toBe('`a ˋbˋ c`');
  expect(label('*checkout* <!here>')).toBe('∗checkout∗ &lt;ǃhere›');
  expect(quoted('  ')).toBe('“”');
});

test('text that reorders or hides is shown as an escape, and lines are one line', () => {
  expect(quoted('a\u202eb\nc')).toBe('`a\\u{202e}b\\nc`');
  expect(plain('a\u200bb', 20)).toBe('a\\u{200b}b');
});
