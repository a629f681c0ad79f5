import fc from 'fast-check';

/** Texts that broke some parser somewhere. */
const HOSTILE = [
  '',
  '\0',
  '\ufeff',
  '\u202e\u2066',
  '\ud800',
  '\udfff\ud800',
  '\\ud800',
  '\\u0000',
  '\u001b[2J',
  '\r\n\r\n',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  'toString',
  '{{7*7}}',
  "' or 1=1 --",
  '<script>&amp;</script>',
  '<@U0ALICE|x>',
  'a\u0300'.repeat(40),
  '🧨'.repeat(30),
  '%00%ff%',
  '*a',
  '&a [*a, *a]',
  '!!js/function "x"',
  '- - - - - -',
];
/** Values as they stand in JSON. */
const VALUES = [
  ...['null', 'true', '-0', '0', '1', '-1', '1e400', '-1e-400', '9007199254740993', '1.5', '1e308'],
  ...['99999999999999999999999', 'NaN', '""', '[]', '{}', '[[]]', '{"__proto__":{"polluted":1}}'],
  ...['{"constructor":{"prototype":{"polluted":1}}}', '{"length":1e9}', '{"toString":1}', '{"toJSON":1}'],
  ...['"9999-99-99T99:99:99Z"', '"2026-02-30T00:00:00Z"', '"+275760-09-13T00:00:00.001Z"', '1e15', '-8.7e15'],
];
const KEYS = ['__proto__', 'constructor', 'prototype', 'toJSON', 'then', 'length', '', '0', '\\u0000', 'a'];

const hostile = fc.constantFrom(...HOSTILE);
const bytes = fc.uint8Array({ maxLength: 300 }).map((all) => Buffer.from(all).toString('latin1'));
const unicode = fc.string({ unit: 'binary', maxLength: 200 });
const units = fc.array(fc.nat(0xffff), { maxLength: 100 }).map((all) => String.fromCharCode(...all));

/** JSON in the target's own words, with hostile values and keys that come twice. */
function jsonOf(seeds: readonly string[]): fc.Arbitrary<string> {
  const whole = seeds.join('\n');
  const keys = [
    ...new Set([...KEYS, ...[...whole.matchAll(/"?([\w.-]{1,40})"?\s?:/g)].map(([, key]) => key ?? '')]),
  ];
  const own = [...new Set(whole.match(/"(?:[^"\\\n]|\\.){0,80}"|-?\d+(?:\.\d+)?/g) ?? [])];
  const leaf = fc.oneof(
    fc.constantFrom(...VALUES, ...own),
    hostile.map((text) => JSON.stringify(text)),
    fc.double().map(String),
    fc.string({ unit: 'binary', maxLength: 20 }).map((text) => JSON.stringify(text)),
  );
  const { value } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, depthSize: 'small', withCrossShrink: true },
      { weight: 2, arbitrary: leaf },
      { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 4 }).map((all) => `[${all.join(',')}]`) },
      {
        weight: 3,
        arbitrary: fc
          .array(fc.tuple(fc.constantFrom(...keys), tie('value')), { maxLength: 6 })
          .map((all) => `{${all.map(([key, one]) => `"${key}":${one}`).join(',')}}`),
      },
    ),
  }));
  return value;
}

const nested = fc
  .tuple(
    fc.constantFrom('[', '{"a":', '(', '- ', '"', '<', '{{', '\\', '{"__proto__":'),
    fc.integer({ min: 2, max: 3000 }),
  )
  .map(
    ([open, times]) =>
      open.repeat(times) + (open === '[' ? ']' : open.startsWith('{"') ? '1}' : '').repeat(times),
  );

type Change =
  | {
      readonly kind: 'flip' | 'cut' | 'drop' | 'swap' | 'twice' | 'many' | 'key';
      readonly at: number;
      readonly size: number;
      readonly with: string;
    }
  | { readonly kind: 'splice' | 'put'; readonly at: number; readonly size: number; readonly with: string };

const MANY = 10_000;
/** A member that holds a plain value. */
const MEMBER = /"[^"\n]{1,60}"\s?:\s?(?:"(?:[^"\\]|\\.)*"|-?[\d.]+|true|false|null)/g;
const SCALAR = /(?<=:\s?)(?:"(?:[^"\\]|\\.)*"|-?[\d.]+|true|false|null)/g;

function nth(text: string, pattern: RegExp, at: number): { from: number; to: number } | undefined {
  const all = [...text.slice(0, 20_000).matchAll(pattern)];
  const one = all[Math.floor(at * all.length)];
  return one && { from: one.index, to: one.index + one[0].length };
}

/** One change of a text. */
function changed(text: string, change: Change): string {
  const from = Math.floor(change.at * text.length);
  const to = Math.min(text.length, from + change.size);
  switch (change.kind) {
    case 'flip':
      return (
        text.slice(0, from) +
        String.fromCharCode(text.charCodeAt(from) ^ (1 << (change.size % 8))) +
        text.slice(from + 1)
      );
    case 'cut':
      return text.slice(0, from);
    case 'drop':
      return text.slice(0, from) + text.slice(to);
    case 'put':
    case 'splice':
      return text.slice(0, from) + change.with + text.slice(change.kind === 'put' ? from : to);
    case 'many':
      return (
        text.slice(0, from) + text.slice(from, from + 1 + (change.size % 20)).repeat(MANY) + text.slice(to)
      );
    case 'twice': {
      const member = nth(text, MEMBER, change.at);
      return member === undefined ? text + text : `${text.slice(0, member.to)},${text.slice(member.from)}`;
    }
    case 'swap': {
      const value = nth(text, SCALAR, change.at);
      return value === undefined ? text : text.slice(0, value.from) + change.with + text.slice(value.to);
    }
    case 'key':
      return text.replaceAll(text.slice(from, from + 2), change.with.slice(0, 3));
  }
}

/** Valid inputs with one to five changes. */
function mutated(seeds: readonly string[], json: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const other = fc.oneof(hostile, fc.constantFrom(...VALUES), json, unicode, fc.constantFrom(...seeds));
  const kind = fc.oneof(
    {
      weight: 40,
      arbitrary: fc.constantFrom(
        'flip',
        'cut',
        'drop',
        'swap',
        'swap',
        'swap',
        'twice',
        'splice',
        'put',
        'key',
      ),
    },
    { weight: 1, arbitrary: fc.constant('many' as const) },
  );
  const at = fc.nat(999_999).map((part) => part / 1_000_000);
  const change = fc.record({ kind, at, size: fc.nat(60), with: other });
  return fc
    .tuple(fc.constantFrom(...seeds), fc.array(change, { minLength: 1, maxLength: 5 }))
    .map(([seed, changes]) => changes.reduce(changed, seed));
}

/** Whatever may arrive at a parser whose valid inputs look like `seeds`. */
export function inputsLike(seeds: readonly string[]): fc.Arbitrary<string> {
  const json = jsonOf(seeds);
  return fc.oneof(
    { weight: 2, arbitrary: fc.oneof(bytes, unicode, units, hostile) },
    { weight: 5, arbitrary: json },
    { weight: 1, arbitrary: nested },
    { weight: 12, arbitrary: mutated(seeds, json) },
  );
}

/** Few and very long ones, each `size` characters: what costs more than its length shows here. */
export function longOnes(seeds: readonly string[], size: number): readonly string[] {
  const [seed = 'a'] = seeds;
  const pieces = [
    'a',
    '0',
    ' ',
    '"',
    '\\',
    '[',
    '{"a":',
    '\n',
    '{}\n',
    ',',
    ':',
    '-',
    '\u202e',
    'a=',
    '&lt;',
    '<',
    'é',
    'A1',
    `${seed}\n`,
  ];
  const repeated = pieces.map((piece) => piece.repeat(Math.ceil(size / piece.length)).slice(0, size));
  const wide = `{${Array.from({ length: Math.ceil(size / 12) }, (_none, at) => `"k${at}":${at}`).join(',')}}`;
  const inside = seeds.flatMap((one) => {
    const text = nth(one, /"(?:[^"\\]|\\.)+"/g, 0.6);
    return text === undefined
      ? []
      : ['x', '\\"', 'token=', 'https://a:', ' '].map(
          (fill) =>
            `${one.slice(0, text.to - 1)}${fill.repeat(Math.ceil(size / fill.length))}${one.slice(text.to - 1)}`,
        );
  });
  return [...seeds.flatMap(oddLengths), ...repeated, wide, ...inside];
}

/** What a schema that bounds lengths fails at when it takes it for a text or a list. */
const ODD_LENGTH = '{"length":{"toString":1}}';

/** A seed with each of its values, one at a time, put as something that only says to have a length. */
function oddLengths(seed: string): string[] {
  return [...seed.matchAll(/"(?:[^"\\]|\\.)*"(?!\s*:)|\b\d+\b/g)]
    .slice(0, 100)
    .map(({ 0: value, index }) => seed.slice(0, index) + ODD_LENGTH + seed.slice(index + value.length));
}
