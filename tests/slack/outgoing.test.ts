import fc from 'fast-check';
import { expect, test } from 'vitest';
import { label, quoted } from '#slack/inert.ts';
import { messageArgs, outgoingProblem } from '#slack/outgoing.ts';
import { MessageBlocks } from '../fakes/slack/blocks.ts';

/** Any UTF-16 code unit, halves of pairs too. */
const anyUnit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));

const isKnown = (user: string): boolean => user === 'U0ALICE';
const section = (text: string) => [{ type: 'section', text: { type: 'mrkdwn', text } }];
const say = (text: string) => outgoingProblem({ text: 'card', blocks: section(text) }, isKnown);

test.each([
  'checkout fails &lt;!here&gt;',
  '<!date^1767582720^{date_short_pretty} {time}|03:12> and <@U0ALICE>',
  '<https://shop.example/e/41|errors>',
])('what code draws may be said: %s', (text) => {
  expect(say(text)).toBeUndefined();
});

test.each([
  ['<!here>', 'token_not_allowed'],
  ['<!channel|all>', 'token_not_allowed'],
  ['<!everyone>', 'token_not_allowed'],
  ['<!subteam^S0123|@team>', 'token_not_allowed'],
  ['<#C0SHOP>', 'token_not_allowed'],
  ['<http://evil.example|Approve>', 'token_not_allowed'],
  ['<https://evil.example>', 'token_not_allowed'],
  ['<mailto:a@b.c|a>', 'token_not_allowed'],
  ['<javascript:alert(1)|a>', 'token_not_allowed'],
  ['<@U0EVE>', 'mention_not_known'],
  ['never closed <@U0ALICE', 'token_not_allowed'],
  ['a < b', 'token_not_allowed'],
  ['x'.repeat(3001), 'text_too_long'],
])('of %s the answer is %s', (text, problem) => {
  expect(say(text)).toBe(problem);
});

test('a notification is looked at like the blocks', () => {
  expect(outgoingProblem({ text: '<!here>', blocks: [] }, isKnown)).toBe('token_not_allowed');
});

test.each([
  ['a picture from elsewhere', { type: 'image', image_url: 'https://evil.example/x.png', alt_text: 'x' }],
  [
    'a call to everybody in rich text',
    { type: 'rich_text', elements: [{ type: 'broadcast', range: 'here' }] },
  ],
  ['a group in rich text', { type: 'rich_text', elements: [{ type: 'usergroup', usergroup_id: 'S1' }] }],
  ['an unknown person in rich text', { type: 'rich_text', elements: [{ type: 'user', user_id: 'U0EVE' }] }],
  [
    'a button that leads to http',
    { type: 'actions', elements: [{ type: 'button', url: 'http://x.example' }] },
  ],
  [
    'a picture inside a context',
    { type: 'context', elements: [{ type: 'image', image_url: 'https://x.example' }] },
  ],
])('%s is not said', (_, block) => {
  expect(outgoingProblem({ text: 'card', blocks: [block] }, isKnown)).not.toBeUndefined();
});

test('more than fifty blocks are not said', () => {
  const blocks = Array.from({ length: 51 }, () => ({ type: 'divider' }));
  expect(outgoingProblem({ text: 'card', blocks }, isKnown)).toBe('too_many_blocks');
});

test('whatever foreign text is made inert passes the check, and Slack takes it', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: anyUnit, maxLength: 200 }),
      fc.string({ maxLength: 50 }),
      (foreign, name) => {
        const drawn = { text: `${label(name)} x`, blocks: section(`*${label(name)}*: ${quoted(foreign)}`) };
        expect(outgoingProblem(drawn, isKnown)).toBeUndefined();
        expect(MessageBlocks.safeParse(messageArgs(drawn).blocks).success).toBe(true);
      },
    ),
  );
});

test('Slack is told to expand, link and fetch nothing', () => {
  const blocks = [
    { type: 'header', text: { type: 'plain_text', text: ':fire: https://x.example', emoji: true } },
  ];
  const args = messageArgs({ text: 'x', blocks: [...blocks, ...section('https://x.example')] });
  expect(args).toMatchObject({ parse: 'none', link_names: false, unfurl_links: false, unfurl_media: false });
  expect(args.blocks).toMatchObject([{ text: { emoji: false } }, { text: { verbatim: true } }]);
});
