import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mrkdwn, type Rich, unmarked } from '#demo/slack-fake/mrkdwn.ts';
import { label, quoted } from '#slack/inert.ts';

const textOf = (nodes: readonly Rich[]): string =>
  nodes.map((node) => ('in' in node ? textOf(node.in) : node.t === 'break' ? '\n' : node.text)).join('');

test('bold, italic, struck, code, quotes, dates, people, channels and links are what Slack makes of them', () => {
  const names = new Map([['U1', 'alice']]);
  const read = (text: string) => mrkdwn(text, (id) => names.get(id));
  expect(read('*down* _since_ ~no~ `e3`')).toEqual([
    { t: 'bold', in: [{ t: 'text', text: 'down' }] },
    { t: 'text', text: ' ' },
    { t: 'italic', in: [{ t: 'text', text: 'since' }] },
    { t: 'text', text: ' ' },
    { t: 'strike', in: [{ t: 'text', text: 'no' }] },
    { t: 'text', text: ' ' },
    { t: 'code', text: 'e3' },
  ]);
  expect(read('&gt; said\n<!date^1767582720^{ago}|03:12>')).toEqual([
    { t: 'quote', in: [{ t: 'text', text: 'said' }] },
    { t: 'break' },
    { t: 'date', at: 1767582720, format: '{ago}', text: '03:12' },
  ]);
  expect(read('<@U1> <#C1|shop> <!here> <https://a.b/?x=1&amp;y=2|why>')).toEqual([
    { t: 'mention', text: '@alice' },
    { t: 'text', text: ' ' },
    { t: 'mention', text: '#shop' },
    { t: 'text', text: ' ' },
    { t: 'mention', text: '@here' },
    { t: 'text', text: ' ' },
    { t: 'link', href: 'https://a.b/?x=1&y=2', text: 'why' },
  ]);
});

test('signs inside words and sums are no markup, and entities are read once', () => {
  for (const text of ['error_ratio_5xx', '2 * 3 * 4', 'a*b*c', '~/bin', '*', '``', '*open'])
    expect(mrkdwn(text)).toEqual([{ t: 'text', text }]);
  expect(mrkdwn('&amp;lt;b&amp;gt;')).toEqual([{ t: 'text', text: '&lt;b&gt;' }]);
  expect(mrkdwn('<javascript:alert(1)|x>')).toEqual([{ t: 'text', text: '<javascript:alert(1)|x>' }]);
});

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .array(
      fc.constantFrom(...'*_~`<>|&;!@#^ \nab:/'.split(''), '&lt;', '```', '<@U1>', '<!date^1^{time}|x>'),
      { maxLength: 60 },
    )
    .map((parts) => parts.join('')),
);

test('any text can be read, and links lead to the web only', () => {
  const links = (nodes: readonly Rich[]): string[] =>
    nodes.flatMap((node) => ('in' in node ? links(node.in) : node.t === 'link' ? [node.href] : []));
  fc.assert(
    fc.property(text, (written) => {
      for (const href of links(mrkdwn(written))) expect(href).toMatch(/^https?:\/\//);
      expect(textOf(unmarked(written))).toBe(written);
    }),
  );
});

test('what our cards make of foreign text is read as plain text or one piece of code', () => {
  fc.assert(
    fc.property(text, (foreign) => {
      for (const node of mrkdwn(label(foreign))) expect(['text', 'quote']).toContain(node.t);
      const [only, ...more] = mrkdwn(quoted(foreign));
      expect(more).toEqual([]);
      expect(['code', 'text']).toContain(only?.t);
    }),
  );
});

test('a long hostile text is read in no time', () => {
  const began = performance.now();
  for (const part of ['*a ', '_', '<', '`', '```', '*_~']) mrkdwn(part.repeat(3000).slice(0, 3000));
  expect(performance.now() - began).toBeLessThan(2000);
});
