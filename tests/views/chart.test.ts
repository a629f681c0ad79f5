import fc from 'fast-check';
import { expect, test } from 'vitest';
import { picturePng } from '#server/picture-png.ts';
import { chartSvg } from '#views/chart/chart-svg.ts';
import { altText, keyed, type Mark, type SignalPicture } from '#views/chart/picture.ts';

const START = Date.UTC(2026, 0, 5, 3, 0);

function aPicture(over: Partial<SignalPicture> = {}): SignalPicture {
  const points = Array.from({ length: 60 }, (_, index): [number, number | null] => [
    START + index * 5000,
    index === 10 ? null : index > 40 ? 0.31 : 0.002,
  ]);
  return {
    incident: 'INC-1',
    title: 'HighErrorRate checkout',
    service: 'checkout',
    signal: 'error_ratio',
    points,
    normal: { low: 0, high: 0.013 },
    since: START + 205_000,
    marks: [
      { at: START + 200_000, kind: 'deploy', text: 'deploy of checkout v42' },
      { at: START + 205_000, kind: 'onset', text: 'errors not normal' },
    ],
    zone: 'Europe/Berlin',
    ...over,
  };
}

const textsOf = (svg: string): string[] =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, words = '']) => words);
/** Everything in the document that is not a text between two tags. */
const tagsOf = (svg: string): string[] => [...svg.matchAll(/<\/?([a-zA-Z]+)/g)].map(([, name = '']) => name);

test('the title says what and in which unit, the last line in which zone times are, each mark has a line', async () => {
  const texts = textsOf(await chartSvg(aPicture()));
  expect(texts).toContain('errors of checkout, in % of requests');
  expect(texts).toContain('INC-1  HighErrorRate checkout');
  expect(texts).toContain('2026-01-05, times in Europe/Berlin (UTC+01:00)');
  expect(texts).toContain('04:03:20  deploy of checkout v42');
  expect(texts).toContain('04:03:25  errors not normal');
  expect(texts).toContain('40 %');
});

test('the same picture gives the same bytes, whatever was drawn before', async () => {
  const first = await chartSvg(aPicture());
  await chartSvg(aPicture({ signal: 'latency_p95' }));
  expect(await chartSvg(aPicture())).toBe(first);
});

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .array(
      fc.constantFrom(
        ...[
          '</text><script>alert(1)</script>',
          '<![CDATA[',
          ']]>',
          '&lt;',
          '{b}',
          '{a|x}',
          ' class="zr0-cls-0"',
        ],
        ...[
          '"',
          "'",
          '\n',
          '\u202e',
          '\uffff',
          '\ud800',
          '\u0000',
          '<style',
          '</style>',
          'onload=',
          '%s',
          '😀',
        ],
      ),
      { maxLength: 6 },
    )
    .map((parts) => parts.join('')),
);

test('foreign text stays text: it adds no element and no attribute, and the picture can still be drawn', async () => {
  const plainTags = tagsOf(await chartSvg(aPicture()));
  await fc.assert(
    fc.asyncProperty(hostile, hostile, async (title, version) => {
      const marks: Mark[] = [
        { at: START + 200_000, kind: 'deploy', text: version },
        { at: START + 205_000, kind: 'onset', text: 'errors not normal' },
      ];
      const svg = await chartSvg(aPicture({ title, marks }));
      const tags = tagsOf(svg).filter((name) => name !== 'text');
      expect(tags).toEqual(plainTags.filter((name) => name !== 'text'));
      expect(svg.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\ufffe\uffff]/u);
      for (const [tag] of svg.matchAll(/<text[^>]*>/g))
        expect(tag.replace(/"[^"]*"/g, '')).toMatch(
          /^<text(?: (?:dominant-baseline|text-anchor|style|xml:space|x|y|transform|fill)=)*>$/,
        );
    }),
    { numRuns: 60 },
  );
}, 30_000);

test('a picture with hostile words becomes a PNG', async () => {
  const png = await picturePng(aPicture({ title: '</svg><image href="file:///etc/passwd"/>\uffff ]]>' }));
  expect(Buffer.from(png).subarray(1, 4).toString()).toBe('PNG');
  expect(Buffer.from(png).readUInt32BE(16)).toBe(390 * 3);
});

test('marks of one second share a letter, and of too many the first five and the last three stay', () => {
  const at = (second: number, text: string): Mark => ({ at: START + second * 1000, kind: 'change', text });
  expect(keyed({ marks: [at(2, 'b'), at(1, 'a'), at(2.4, 'c')], zone: 'UTC' })).toMatchObject([
    { letter: 'A', line: '03:00:01  a' },
    { letter: 'B', line: '03:00:02  b, c' },
  ]);
  const many = Array.from({ length: 20 }, (_, index) => at(index, `m${index}`));
  expect(keyed({ marks: many, zone: 'UTC' }).map(({ line }) => line.slice(10))).toEqual([
    'm0',
    'm1',
    'm2',
    'm3',
    'm4',
    'm17',
    'm18',
    'm19',
  ]);
});

test('every signal, no value, one value and a band without height can be drawn', async () => {
  const signals = [
    'error_ratio',
    'latency_p95',
    'request_rate',
    'saturation',
    'memory_use',
    'instances_up',
  ] as const;
  for (const signal of signals)
    for (const points of [[], [[START, null]], [[START, 3]]] as const)
      expect(
        await chartSvg(aPicture({ signal, points, marks: [], normal: { low: 0, high: 0 } })),
      ).not.toMatch(/NaN|Infinity|undefined/);
});

test('the words for whoever cannot see the picture hold band, onset, last value and marks', () => {
  expect(altText(aPicture())).toBe(
    'INC-1: errors of checkout, in % of requests, from 2026-01-05 04:00:00 +01:00. Normal is 0 % to 1.3 %, outside it since 04:03:25, at most 31 %, last 31 %. A 04:03:20  deploy of checkout v42. B 04:03:25  errors not normal.',
  );
});
